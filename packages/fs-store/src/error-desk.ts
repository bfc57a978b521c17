/** Errors that no caller can be told. */
import { type Clock, StoreError } from '@leviathan/core';
import { errorCode } from './files';

const QUIET_MS = 60_000;

/** Tells each kind of error once per minute: a full disk fails ten thousand files in a second. */
export class ErrorDesk {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly onError: ((error: unknown) => void) | undefined,
  ) {}

  /** @param what What could not be done, as the beginning of a sentence: `The file pending/x.json cannot be written`. */
  report(kind: string, what: string, cause: unknown): void {
    const key = `${kind}:${errorCode(cause) ?? (cause instanceof Error ? cause.name : '')}`;
    const now = this.clock.monotonic();
    if (now - (this.told.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.told.set(key, now);
    const reason = cause instanceof Error ? cause.message : String(cause);
    try {
      this.onError?.(new StoreError('FOLDERS', `${what}: ${reason}`, { cause }));
    } catch {
      // A listener that throws must not stop what only wanted to tell it something.
    }
  }
}

/** Whether something on disk has stopped changing: whoever writes it may not be done yet. */
import type { Clock } from '@leviathan/core';

/** What tells one state of a file from the next. */
export interface Stamp {
  ino: number;
  mtimeMs: number;
  size: number;
}

/** A text that changes when the file does. */
export function signatureOf({ ino, mtimeMs, size }: Stamp): string {
  return `${ino}:${mtimeMs}:${size}`;
}

/** Remembers since when each thing looks as it does. */
export class Stillness {
  private readonly seen = new Map<string, { signature: string; since: number }>();

  constructor(private readonly clock: Clock) {}

  /** Milliseconds that are missing until `key` has looked like `signature` for `ms`; 0 when it has. */
  left(key: string, signature: string, ms: number): number {
    const now = this.clock.monotonic();
    let seen = this.seen.get(key);
    if (seen?.signature !== signature) {
      seen = { signature, since: now };
      this.seen.set(key, seen);
    }
    return Math.max(0, seen.since + ms - now);
  }

  /**
   * As {@link left} for a file: one whose last change is that long ago by the clock on the wall needs no waiting. A time in the
   * future says nothing, since a server's or a sync tool's clock may be ahead.
   */
  leftOfFile(key: string, stamp: Stamp, ms: number): number {
    const age = this.clock.now() - stamp.mtimeMs;
    const left = this.left(key, signatureOf(stamp), ms);
    return age >= ms ? 0 : left;
  }

  forget(key: string): void {
    this.seen.delete(key);
  }
}

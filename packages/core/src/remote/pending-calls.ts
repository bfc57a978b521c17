/**
 * The calls that a failover store owes an answer.
 *
 * @module
 */
import type { StoreMethod } from './protocol';
import { ONCE_METHODS } from './repeating';

/** A call that was not answered yet. `Target` is what calls are made on. */
export interface PendingCall<Target> {
  readonly number: number;
  readonly method: StoreMethod;
  readonly args: unknown[];
  readonly signal: AbortSignal | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onAbort: (() => void) | undefined;
  /** How often it was made. */
  tries: number;
  /** Where it was made last; undefined while it waits for a store. */
  target: Target | undefined;
}

/** Keeps them, in the order in which they came. */
export class PendingCalls<Target> {
  private readonly calls = new Map<number, PendingCall<Target>>();
  private lastNumber = 0;
  private emptied: (() => void) | undefined;

  get all(): PendingCall<Target>[] {
    return [...this.calls.values()];
  }

  /** The number of the oldest call that may still be repeated and must not take effect twice. */
  get lowestWrite(): number {
    for (const { number, method } of this.calls.values()) if (ONCE_METHODS.has(method)) return number;
    return this.lastNumber + 1;
  }

  has(call: PendingCall<Target>): boolean {
    return this.calls.has(call.number);
  }

  /** Adds a call; its promise is settled by its `resolve` and `reject`. */
  add(
    method: StoreMethod,
    args: unknown[],
    signal: AbortSignal | undefined,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): PendingCall<Target> {
    const number = ++this.lastNumber;
    const call: PendingCall<Target> = {
      number,
      method,
      args,
      signal,
      resolve,
      reject,
      onAbort: undefined,
      tries: 0,
      target: undefined,
    };
    if (signal) {
      // While it waits for a store nobody else hears the abort.
      call.onAbort = () => {
        if (!call.target) this.end(call)?.resolve([]);
      };
      signal.addEventListener('abort', call.onAbort);
    }
    this.calls.set(number, call);
    return call;
  }

  /** Takes a call away, to be answered; undefined when that happened before. */
  end(call: PendingCall<Target>): PendingCall<Target> | undefined {
    if (!this.calls.delete(call.number)) return undefined;
    if (call.onAbort) call.signal?.removeEventListener('abort', call.onAbort);
    if (this.calls.size === 0) this.emptied?.();
    return call;
  }

  /** Fails all, or those of one method. */
  failAll(error: unknown, method?: StoreMethod): void {
    for (const call of this.all) {
      if (method === undefined || call.method === method) this.end(call)?.reject(error);
    }
  }

  /** Resolves when every call is answered. */
  async empty(): Promise<void> {
    if (this.calls.size === 0) return;
    await new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
  }
}

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
  /** Its neighbours in the order of the calls. */
  before: PendingCall<Target> | undefined;
  after: PendingCall<Target> | undefined;
  ended: boolean;
}

/** Keeps them, in the order in which they came. A list of links: calls come and go by the hundred thousand, and few are there at once. */
export class PendingCalls<Target> {
  private first: PendingCall<Target> | undefined;
  private last: PendingCall<Target> | undefined;
  private lastNumber = 0;
  private emptied: (() => void) | undefined;

  get all(): PendingCall<Target>[] {
    const all: PendingCall<Target>[] = [];
    for (let call = this.first; call; call = call.after) all.push(call);
    return all;
  }

  /** The number of the call that came last. */
  get newest(): number {
    return this.lastNumber;
  }

  /** The number of the oldest call that may still be repeated and must not take effect twice. */
  get lowestWrite(): number {
    for (let call = this.first; call; call = call.after) if (ONCE_METHODS.has(call.method)) return call.number;
    return this.lastNumber + 1;
  }

  has(call: PendingCall<Target>): boolean {
    return !call.ended;
  }

  /** Adds a call; its promise is settled by its `resolve` and `reject`. */
  add(
    method: StoreMethod,
    args: unknown[],
    signal: AbortSignal | undefined,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ): PendingCall<Target> {
    const call: PendingCall<Target> = {
      number: ++this.lastNumber,
      method,
      args,
      signal,
      resolve,
      reject,
      onAbort: undefined,
      tries: 0,
      target: undefined,
      before: this.last,
      after: undefined,
      ended: false,
    };
    if (this.last) this.last.after = call;
    else this.first = call;
    this.last = call;
    return call;
  }

  /** To be called when it has to wait for a store: nobody else hears an abort meanwhile. */
  listen(call: PendingCall<Target>): void {
    if (!call.signal || call.onAbort) return;
    call.onAbort = () => {
      if (!call.target) this.end(call)?.resolve([]);
    };
    call.signal.addEventListener('abort', call.onAbort);
  }

  /** Takes a call away, to be answered; undefined when that happened before. */
  end(call: PendingCall<Target>): PendingCall<Target> | undefined {
    if (call.ended) return undefined;
    call.ended = true;
    const { before, after } = call;
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.last = before;
    if (call.onAbort) call.signal?.removeEventListener('abort', call.onAbort);
    if (!this.first) this.emptied?.();
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
    if (!this.first) return;
    await new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
  }
}

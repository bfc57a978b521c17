/**
 * The calls that a failover store owes an answer.
 *
 * @module
 */
import type { StoreMethod } from './protocol';
import { ONCE_METHODS } from './repeating';

/** A call that was not answered yet. `Target` is what calls are made on. */
export interface PendingCall<Target> {
  number: number;
  method: StoreMethod;
  args: unknown[];
  signal: AbortSignal | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onAbort(): void;
  /** How often it was made. */
  tries: number;
  /** Where it was made last; undefined while it waits for a store. */
  target: Target | undefined;
  /** Of an `add`: ids that were chosen here. */
  chosen: Set<string>;
}

/** What a call is, before it is made. */
export type CallRequest = Pick<PendingCall<unknown>, 'method' | 'args' | 'signal' | 'chosen'>;

/** Keeps them, in the order in which they came. */
export class PendingCalls<Target> {
  private readonly calls = new Map<number, PendingCall<Target>>();
  /** Numbers of the calls among them that a server answers once only. */
  private readonly writes = new Set<number>();
  private lastNumber = 0;
  private emptied: (() => void) | undefined;

  get all(): PendingCall<Target>[] {
    return [...this.calls.values()];
  }

  /** The number of the oldest call that may still be repeated and must not take effect twice. */
  get lowestWrite(): number {
    const [lowest = this.lastNumber + 1] = this.writes;
    return lowest;
  }

  has(call: PendingCall<Target>): boolean {
    return this.calls.has(call.number);
  }

  /** Adds a call; its promise is `answer`. */
  add<Result>(request: CallRequest): { call: PendingCall<Target>; answer: Promise<Result> } {
    let resolve: (result: Result) => void = () => {};
    let reject: (error: unknown) => void = () => {};
    const answer = new Promise<Result>((succeed, fail) => {
      resolve = succeed;
      reject = fail;
    });
    const call: PendingCall<Target> = {
      ...request,
      number: ++this.lastNumber,
      resolve: resolve as (result: unknown) => void,
      reject,
      // While it waits for a store nobody else hears the abort.
      onAbort: () => {
        if (!call.target) this.end(call)?.resolve([]);
      },
      tries: 0,
      target: undefined,
    };
    call.signal?.addEventListener('abort', call.onAbort);
    this.calls.set(call.number, call);
    if (ONCE_METHODS.has(call.method)) this.writes.add(call.number);
    return { call, answer };
  }

  /** Takes a call away, to be answered; undefined when that happened before. */
  end(call: PendingCall<Target>): PendingCall<Target> | undefined {
    if (!this.calls.delete(call.number)) return undefined;
    this.writes.delete(call.number);
    call.signal?.removeEventListener('abort', call.onAbort);
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

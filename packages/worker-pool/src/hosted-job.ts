/**
 * One attempt in a worker, as the program sees it.
 *
 * @module
 */
import type { Clock, JobContext } from '@leviathan/core';
import { type Answer, CALLS, type CallName, type HostFunctions, TELLS, type Tell } from './protocol';
import { refOf, toWire, type WireError } from './wire-error';

/** What {@link HostedJob} works with. */
export interface HostedJobOptions {
  context: JobContext;
  clock: Clock;
  killAfter: number;
  /** The signal aborted: the handler is to be told. */
  onAbort: (reason: WireError) => void;
  /** And has had its time. */
  onOverdue: () => void;
  /** Calls a function that the handler passed. */
  onCallback: (ref: number, args: unknown[]) => Promise<unknown>;
}

/** Answers for the context, and keeps the time that the handler has after an abort. Its promise settles once. */
export class HostedJob {
  /** It has had its time to end: its worker has to go. */
  isOverdue = false;
  readonly result: Promise<unknown>;
  readonly #context: JobContext;
  readonly #onCallback: HostedJobOptions['onCallback'];
  /** What the handler was given to throw. */
  readonly #given: unknown[] = [];
  #release: () => void = () => {};
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor({ context, clock, killAfter, onAbort, onOverdue, onCallback }: HostedJobOptions) {
    this.#context = context;
    this.#onCallback = onCallback;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = context;
    const abort = (): void => {
      onAbort(this.#wired(signal.reason));
      const timer = clock.after(killAfter, () => {
        this.isOverdue = true;
        onOverdue();
      });
      this.#release = () => timer.cancel();
    };
    this.#release = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  /** See {@link HostFunctions.call}. */
  async call(name: CallName, args: unknown[], refs: (number | null)[]): Promise<Answer> {
    try {
      // The worker runs code that is not ours.
      if (!CALLS.includes(name)) throw new TypeError(`A job has no function ${name}.`);
      const call = this.#context[name] as (...args: unknown[]) => Promise<unknown>;
      return { value: await call(...args.map((arg, i) => this.#functionOf(refs[i]) ?? arg)) };
    } catch (error) {
      return { error: this.#wired(error) };
    }
  }

  tell(tells: Tell[]): void {
    for (const [name, ...args] of tells) {
      if (TELLS.includes(name)) (this.#context[name] as (...args: unknown[]) => void)(...args);
    }
  }

  printed(line: string, stream: 'stdout' | 'stderr'): void {
    this.#context.log(line, { level: stream === 'stdout' ? 'info' : 'warn', fields: { stream } });
  }

  returned(value: unknown): void {
    this.#release();
    this.#resolve(value);
  }

  /** An error that came from here is the same again: the attempt knows it. */
  threw(error: unknown): void {
    this.#release();
    const ref = refOf(error);
    this.#reject(ref === undefined ? error : this.#given[ref]);
  }

  /** Its worker is gone. One that was overdue has nobody but itself to blame. */
  lost(error: unknown): void {
    this.threw(this.isOverdue ? this.#context.signal.reason : error);
  }

  #wired(error: unknown): WireError {
    return toWire(error, this.#given.push(error) - 1);
  }

  #functionOf(ref: number | null | undefined): ((...args: unknown[]) => Promise<unknown>) | undefined {
    return typeof ref === 'number' ? (...args) => this.#onCallback(ref, args) : undefined;
  }
}

/**
 * One attempt in a worker, as the program sees it.
 *
 * @module
 */
import type { Clock, JobContext } from '@leviathan/core';
import { CALLS, type CallName, TELLS, type Tell } from './protocol';

/** What {@link HostedJob} works with. */
export interface HostedJobOptions {
  context: JobContext;
  clock: Clock;
  killAfter: number;
  /** The signal aborted: the handler is to be told. */
  onAbort: (reason: unknown) => void;
  /** And has had its time. */
  onOverdue: () => void;
}

/** Answers for the context, and keeps the time that the handler has after an abort. Its promise settles once. */
export class HostedJob {
  /** It has had its time to end: its worker has to go. */
  isOverdue = false;
  readonly result: Promise<unknown>;
  readonly #context: JobContext;
  #release: () => void = () => {};
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor({ context, clock, killAfter, onAbort, onOverdue }: HostedJobOptions) {
    this.#context = context;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = context;
    const abort = (): void => {
      onAbort(signal.reason);
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

  call(name: CallName, args: unknown[]): Promise<unknown> {
    // The worker runs code that is not ours.
    if (!CALLS.includes(name)) return Promise.reject(new TypeError(`A job has no function ${name}.`));
    return (this.#context[name] as (...args: unknown[]) => Promise<unknown>)(...args);
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

  threw(error: unknown): void {
    this.#release();
    this.#reject(error);
  }

  /** Its worker is gone. One that was overdue has nobody but itself to blame. */
  lost(error: unknown): void {
    this.threw(this.isOverdue ? this.#context.signal.reason : error);
  }
}

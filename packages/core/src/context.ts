/**
 * What a handler gets.
 *
 * @module
 */
import type { Job, Json } from './job';
import type { JobContext } from './processor';

/** What of an attempt its handler may use. */
export interface AttemptFace {
  readonly job: Job;
  readonly input: unknown;
  readonly signal: AbortSignal;
  parents(): Promise<(Job | null)[]>;
  progress(percent: number, detail?: Json): void;
  log: JobContext['log'];
  readonly memory: Pick<JobContext, 'checkpoint' | 'step' | 'children'>;
}

/**
 * The context of one attempt. Handlers take it apart (`run: ({ input, progress }) => …`), so its functions must work alone; they are made
 * when they are asked for, because most handlers ask for few.
 */
export class AttemptContext implements JobContext<never> {
  readonly #attempt: AttemptFace;

  constructor(attempt: AttemptFace) {
    this.#attempt = attempt;
  }

  get job(): Job {
    return this.#attempt.job;
  }

  get input(): never {
    return this.#attempt.input as never;
  }

  get attempt(): number {
    return this.#attempt.job.attempt;
  }

  get lastCheckpoint(): Json | undefined {
    return this.#attempt.job.metadata.checkpoint;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get parents(): JobContext['parents'] {
    const attempt = this.#attempt;
    return () => attempt.parents();
  }

  get progress(): JobContext['progress'] {
    const attempt = this.#attempt;
    return (percent, detail) => attempt.progress(percent, detail);
  }

  get log(): JobContext['log'] {
    const attempt = this.#attempt;
    return (message, options) => attempt.log(message, options);
  }

  get checkpoint(): JobContext['checkpoint'] {
    const attempt = this.#attempt;
    return (data) => heard(attempt.memory.checkpoint(data));
  }

  get step(): JobContext['step'] {
    const attempt = this.#attempt;
    return (name, run) => heard(attempt.memory.step(name, run));
  }

  get children(): JobContext['children'] {
    const attempt = this.#attempt;
    return (name, jobs, options) => heard(attempt.memory.children(name, jobs, options));
  }
}

/** Who awaits it hears of a failure; a handler that does not must not bring the process down by an unhandled rejection. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

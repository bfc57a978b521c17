/**
 * The steps of one attempt: parts of the work that later attempts need not do again.
 *
 * @module
 */
import { DuplicateStepError } from './errors';
import type { JobStep, Json } from './job';
import { toJson } from './json';

/** What an attempt lends to its steps. */
export interface StepHost {
  /** @throws when the attempt is over, or its signal aborted: nothing more may begin */
  assertGoing(): void;
  /** Resolves when the store has it; rejects when it could not be kept. */
  keepStep(step: { name: string; result?: Json }): Promise<void>;
}

/** See the module. */
export class Steps {
  readonly #host: StepHost;
  readonly #done: readonly JobStep[];
  readonly #names = new Set<string>();

  /** @param done What earlier attempts did. */
  constructor(host: StepHost, done: readonly JobStep[]) {
    this.#host = host;
    this.#done = done;
  }

  /** See `JobContext.step`. */
  async run<T>(name: string, run: () => Promise<T> | T): Promise<T> {
    if (this.#names.has(name)) throw new DuplicateStepError(name);
    this.#names.add(name);
    const earlier = this.#done.find((step) => step.name === name);
    if (earlier) return earlier.result as T;
    this.#host.assertGoing();
    const value = await run();
    // Both attempts are to see the same: this one gets what the next one will.
    const result =
      value === undefined ? undefined : toJson(`The result of step ${JSON.stringify(name)}`, 'result', value);
    await this.#host.keepStep(result === undefined ? { name } : { name, result });
    return result as T;
  }
}

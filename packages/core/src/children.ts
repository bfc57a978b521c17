/**
 * The jobs that an attempt adds, and that its own job waits for.
 *
 * @module
 */
import { DuplicateStepError, type WaitingError } from './errors';
import type { ChildJob, ChildPolicy, Job, JobChildren, JobSpec, NewChildren } from './job';

/** Where jobs come from and go to. */
export interface ChildrenSource {
  /** Jobs as they stand, in the order of their ids. */
  get(ids: string[]): Promise<(Job | null)[]>;
  /** New jobs as the store takes them. @throws ValidationError, UnsupportedError */
  specsOf(jobs: readonly ChildJob[]): Promise<JobSpec[]>;
}

/** What an attempt lends to its children. */
export interface ChildrenHost {
  /** @throws when the attempt is over, or its signal aborted: nothing more may begin */
  assertGoing(): void;
  /** The job goes back when the handler has come to its end, which the error is to bring about. */
  handBack(children: NewChildren): WaitingError;
}

/** See the module. */
export class Children {
  readonly #host: ChildrenHost;
  readonly #source: ChildrenSource;
  readonly #earlier: readonly JobChildren[];
  readonly #names = new Set<string>();

  /** @param earlier Those that were added before this attempt. */
  constructor(host: ChildrenHost, source: ChildrenSource, earlier: readonly JobChildren[]) {
    this.#host = host;
    this.#source = source;
    this.#earlier = earlier;
  }

  /** See `JobContext.children`. */
  async of(name: string, jobs: readonly ChildJob[], onChildFailed: ChildPolicy = 'wait'): Promise<(Job | null)[]> {
    if (this.#names.has(name)) throw new DuplicateStepError(name);
    this.#names.add(name);
    const earlier = this.#earlier.find((group) => group.name === name);
    if (earlier) return this.#source.get(earlier.ids);
    this.#host.assertGoing();
    if (jobs.length === 0) return [];
    const specs = await this.#source.specsOf(jobs);
    this.#host.assertGoing();
    throw this.#host.handBack({ name, jobs: specs, onChildFailed });
  }
}

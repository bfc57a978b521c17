/**
 * What an attempt leaves to those after it: a checkpoint, steps, and the jobs that its own job waits for.
 *
 * @module
 */
import { Children, type ChildrenHost, type ChildrenSource } from './children';
import { JobStateError, WaitingError } from './errors';
import type { ChildJob, ChildPolicy, Job, Json, NewChildren } from './job';
import { toJson } from './json';
import type { Reporter, Reports } from './reports';
import { type StepHost, Steps } from './steps';

/** The attempt that it is of. */
export interface Remembering extends Reporter {
  readonly job: Job;
  /** It has its outcome: nothing more is kept. */
  readonly hasEnded: boolean;
  /** Why its signal aborted. */
  readonly abortReason: Error | undefined;
}

/** See the module. */
export class Memory implements StepHost, ChildrenHost {
  readonly #attempt: Remembering;
  readonly #reports: Reports;
  readonly #steps: Steps;
  readonly #children: Children;
  /** What the handler asked for last of all, and what is to end it. */
  waiting: { children: NewChildren; error: WaitingError } | undefined;

  constructor(attempt: Remembering, reports: Reports, source: ChildrenSource) {
    const { metadata, children } = attempt.job;
    this.#attempt = attempt;
    this.#reports = reports;
    // The job is the handler's to play with.
    this.#steps = new Steps(this, structuredClone(metadata.steps ?? []));
    this.#children = new Children(this, source, structuredClone(children ?? []));
  }

  /** See `JobContext`, as the next two. */
  async checkpoint(data: Json): Promise<void> {
    const json = toJson('The checkpoint', 'checkpoint', data);
    this.#assertOpen('checkpoint');
    await this.#reports.checkpoint(this.#attempt, json);
  }

  step<T>(name: string, run: () => Promise<T> | T): Promise<T> {
    return this.#steps.run(name, run);
  }

  children(
    name: string,
    jobs: readonly ChildJob[],
    { onChildFailed }: { onChildFailed?: ChildPolicy } = {},
  ): Promise<(Job | null)[]> {
    return this.#children.of(name, jobs, onChildFailed);
  }

  assertGoing(): void {
    const { abortReason, hasEnded, id } = this.#attempt;
    if (abortReason) throw abortReason;
    if (hasEnded) throw new JobStateError(id, 'this attempt has ended, so it begins nothing more.');
  }

  async keepStep(step: { name: string; result?: Json }): Promise<void> {
    this.#assertOpen('step');
    await this.#reports.step(this.#attempt, step);
  }

  /** One wish at a time: the next attempt comes to the others. */
  handBack(children: NewChildren): WaitingError {
    this.waiting ??= { children, error: new WaitingError(this.#attempt.id) };
    return this.waiting.error;
  }

  #assertOpen(what: string): void {
    const { hasEnded, id } = this.#attempt;
    if (hasEnded) throw new JobStateError(id, `this attempt has ended, so its ${what} was not kept.`);
  }
}

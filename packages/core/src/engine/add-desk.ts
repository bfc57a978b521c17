/** Adds: calls of one tick share one write, which is what makes single adds fast; each stays atomic by itself. */
import type { Clock } from '../clock';
import type { JobSpec } from '../job';
import type { AddOptions, AddResult } from '../store';
import type { Committer } from './committer';
import { AddOverlay, decideAdd } from './decide-add';
import type { BodySource } from './entry';
import type { Draft } from './records';
import { type AcceptedSpec, acceptSpecs } from './validate';

interface PendingAdd {
  specs: AcceptedSpec[];
  options: AddOptions;
  /** Once it is decided. */
  results: AddResult[];
  resolve: (results: AddResult[]) => void;
  reject: (error: unknown) => void;
}

/** Takes new jobs in. */
export class AddDesk {
  private pending: PendingAdd[] = [];
  private readonly flushSoon = (): void => this.flush();

  constructor(
    private readonly committer: Committer,
    private readonly clock: Clock,
    private readonly maxBytes: number,
    private readonly bodies: BodySource,
  ) {}

  /**
   * What it needs of the specs is taken at once: the caller may change them afterwards.
   * @throws ValidationError, DuplicateJobError, CycleError, JobTooLargeError, StoreWriteError
   */
  add(specs: JobSpec[], options: AddOptions): Promise<AddResult[]> {
    return new Promise((resolve, reject) => {
      const accepted = acceptSpecs(specs, this.maxBytes, options.ids);
      this.pending.push({ specs: accepted, options, results: [], resolve, reject });
      if (this.pending.length === 1) queueMicrotask(this.flushSoon);
    });
  }

  /** Decides and commits what waits. A call that is refused takes none of its neighbours along. */
  flush(): void {
    const calls = this.pending;
    if (calls.length === 0) return;
    this.pending = [];
    const { table } = this.committer;
    const context = { table, bodies: this.bodies, now: this.clock.now(), maxBytes: this.maxBytes };
    const overlay = new AddOverlay();
    const groups: Draft[] = [];
    const decided: PendingAdd[] = [];
    for (const call of calls) {
      try {
        const { records, results } = decideAdd(context, overlay, call.specs, call.options);
        call.results = results;
        groups.push(records.length === 1 ? (records[0] as Draft) : records);
        decided.push(call);
      } catch (error) {
        call.reject(error);
      }
    }
    try {
      const durable = this.committer.commit(groups);
      if (durable)
        durable.then(
          () => resolveAll(decided),
          (error) => rejectAll(decided, error),
        );
      else resolveAll(decided);
    } catch (error) {
      rejectAll(decided, error);
    }
  }
}

function resolveAll(calls: PendingAdd[]): void {
  for (const { resolve, results } of calls) resolve(results);
}

function rejectAll(calls: PendingAdd[], error: unknown): void {
  for (const { reject } of calls) reject(error);
}

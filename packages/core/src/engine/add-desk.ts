/** Adds: calls of one tick share one write, which is what makes single adds fast; each stays atomic by itself. */
import type { Clock } from '../clock';
import type { JobSpec } from '../job';
import type { AddOptions, AddResult } from '../store';
import type { Committer } from './committer';
import { type AddDecision, AddOverlay, decideAdd } from './decide-add';

interface PendingAdd {
  specs: JobSpec[];
  options: AddOptions;
  resolve: (results: AddResult[]) => void;
  reject: (error: unknown) => void;
}

/** Takes new jobs in. */
export class AddDesk {
  private pending: PendingAdd[] = [];

  constructor(
    private readonly committer: Committer,
    private readonly clock: Clock,
    private readonly maxBytes: number,
  ) {}

  /** @throws ValidationError, DuplicateJobError, CycleError, JobTooLargeError, StoreWriteError */
  add(specs: JobSpec[], options: AddOptions): Promise<AddResult[]> {
    return new Promise((resolve, reject) => {
      this.pending.push({ specs, options, resolve, reject });
      if (this.pending.length === 1) queueMicrotask(() => this.flush());
    });
  }

  /** Decides and commits what waits. */
  flush(): void {
    const calls = this.pending;
    if (calls.length === 0) return;
    this.pending = [];
    const decided = this.decide(calls);
    const rejectAll = (error: unknown): void => {
      for (const { call } of decided) call.reject(error);
    };
    const resolveAll = (): void => {
      for (const { call, decision } of decided) call.resolve(decision.results);
    };
    try {
      const durable = this.committer.commit(decided.map(({ decision }) => decision.records));
      if (durable) durable.then(resolveAll, rejectAll);
      else resolveAll();
    } catch (error) {
      rejectAll(error);
    }
  }

  /** A call that is refused takes none of its neighbours along. */
  private decide(calls: PendingAdd[]): { call: PendingAdd; decision: AddDecision }[] {
    const overlay = new AddOverlay();
    const context = { now: this.clock.now(), maxBytes: this.maxBytes };
    return calls.flatMap((call) => {
      try {
        return [{ call, decision: decideAdd(this.committer.table, overlay, call.specs, call.options, context) }];
      } catch (error) {
        call.reject(error);
        return [];
      }
    });
  }
}

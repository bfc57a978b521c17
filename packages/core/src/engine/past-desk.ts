/**
 * Answers questions about the past.
 *
 * @module
 */
import type { Clock, Timer } from '../clock';
import { ValidationError } from '../errors';
import type { PastQuery, PastState } from '../store';
import type { Trail } from '../trail';
import { countJobs } from './count';
import { jobOf } from './job-of';
import type { JobTable } from './job-table';
import { findPage } from './list';
import { type Past, tableAt } from './past';
import { isoOf } from './time';
import { readTrail } from './trail';

/** A state stays in memory so long (ms) after it was asked for last: whoever looks at it turns its pages. */
const KEPT = 60_000;

/** See the module. */
export class PastDesk {
  private newest: { at: number; table: Promise<JobTable> } | undefined;
  private forgetting: Timer | undefined;

  constructor(
    private readonly past: Past,
    private readonly clock: Clock,
  ) {}

  /** What the journal tells of a job. */
  trail(id: string): Promise<Trail> {
    return readTrail(this.past, id);
  }

  /** @throws NoHistoryError, ValidationError */
  async stateAt(at: number, { ids, list }: PastQuery = {}): Promise<PastState> {
    if (!Number.isFinite(at))
      throw new ValidationError('The time', [{ path: ['at'], message: 'must be epoch milliseconds' }]);
    const table = await this.tableAt(at);
    const { bodies } = this.past;
    const state: PastState = { at: isoOf(at), seq: table.seq, counts: countJobs(table) };
    if (ids) {
      state.jobs = ids.map((id) => {
        const entry = table.entries.get(id);
        return entry ? jobOf(entry, bodies) : null;
      });
    }
    if (list) state.page = await findPage(table, bodies, list, nextTurn);
    return state;
  }

  /** Lets go of what is in memory. */
  forget(): void {
    this.forgetting?.cancel();
    this.newest = undefined;
  }

  private async tableAt(at: number): Promise<JobTable> {
    // What is not over yet may go on.
    const isOver = at < this.clock.now();
    let { newest } = this;
    if (newest?.at !== at || !isOver) newest = { at, table: this.build(at) };
    this.forget();
    if (isOver) {
      this.newest = newest;
      this.forgetting = this.clock.after(KEPT, () => this.forget());
      newest.table.catch(() => this.forget());
    }
    return newest.table;
  }

  private async build(at: number): Promise<JobTable> {
    const table = await tableAt(this.past, { at });
    table.promoteDue(at);
    return table;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

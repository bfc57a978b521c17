/**
 * What running attempts tell, gathered for the store.
 *
 * @module
 */
import type { Clock, Timer } from './clock';
import { JobStateError } from './errors';
import { codeOf } from './failure';
import { type JobLog, type Json, MAX_LOGS } from './job';
import { toShownJson } from './json';
import type { JobStore, Report, ReportResult } from './store';

/** Who reports; told when the store no longer knows it as the running attempt, or wants it to stop. */
export interface Reporter {
  readonly id: string;
  readonly token: string;
  lost(): void;
  cancel(): void;
}

/** What {@link Reports} works with. */
export interface ReportsOptions {
  store: JobStore;
  clock: Clock;
  onError: (error: unknown) => void;
  /** Wants {@link Reports.flush} to be called soon. */
  schedule: () => void;
}

/** Progress and log lines go out at most this often (ms); the first of a quiet time at once. */
const REPORT_INTERVAL = 100;

interface Entry {
  reporter: Reporter;
  report: Report;
  /** Made JSON when it is sent: handlers report far more often than that. */
  detail?: unknown;
  /** Nothing of this attempt follows: no use in trying again. */
  last?: boolean;
}

/** What a later attempt relies on: a checkpoint or a step. */
interface Memory {
  reporter: Reporter;
  report: Report;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Gathers per attempt the latest progress and the newest log lines, and sends all attempts' together. What must not wait (a checkpoint,
 * a step, `stuck`, the last words of an attempt) goes with the next flush, in order. A store that fails here changes no job's outcome.
 */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #gathered = new Map<Reporter, Entry>();
  #urgent: Entry[] = [];
  #memories: Memory[] = [];
  #timer: Timer | undefined;
  #due = false;
  #last = Number.NEGATIVE_INFINITY;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Percent from 0 to 100; values outside are taken for the nearest, `NaN` for nothing said. */
  progress(reporter: Reporter, percent: number, detail: unknown): void {
    if (typeof percent !== 'number' || Number.isNaN(percent)) return;
    const entry = this.#entry(reporter);
    entry.report.progress = Math.min(Math.max(percent, 0), 100);
    if (detail !== undefined) entry.detail = detail;
    this.#scheduleGathered();
  }

  log(reporter: Reporter, line: JobLog): void {
    const { report } = this.#entry(reporter);
    report.logs ??= [];
    report.logs.push(line);
    // The store keeps no more; a handler that logs in a tight loop must not fill the memory.
    if (report.logs.length > MAX_LOGS) report.logs.shift();
    this.#scheduleGathered();
  }

  /** Resolves when the store has it; rejects when it could not be kept, or the attempt is no longer the job's. */
  checkpoint(reporter: Reporter, checkpoint: Json): Promise<void> {
    return this.#remember(reporter, { checkpoint });
  }

  /** As {@link Reports.checkpoint}. */
  step(reporter: Reporter, step: NonNullable<Report['step']>): Promise<void> {
    return this.#remember(reporter, { step });
  }

  /** Tells that the handler ignores its signal; the last that counts of the attempt. */
  stuck(reporter: Reporter): void {
    this.#entry(reporter).report.stuck = true;
    this.end(reporter);
    this.#options.schedule();
  }

  /** The attempt ends: what it said last must reach the store before its outcome does. */
  end(reporter: Reporter): void {
    const entry = this.#gathered.get(reporter);
    if (!entry) return;
    this.#gathered.delete(reporter);
    entry.last = true;
    this.#urgent.push(entry);
  }

  /** Sends what is urgent, and what was gathered if its time has come. */
  flush(): void {
    const entries = this.#urgent;
    if (this.#due) {
      entries.push(...this.#gathered.values());
      this.#gathered.clear();
      this.#due = false;
    }
    if (entries.length > 0) {
      this.#urgent = [];
      this.#last = this.#options.clock.monotonic();
      void this.#deliver(entries);
    }
    // By themselves: a checkpoint that the store turns down must not take the others' news along.
    if (this.#memories.length > 0) void this.#keep(this.#memories.splice(0));
  }

  /** Stops its timer. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #remember(reporter: Reporter, memory: Pick<Report, 'checkpoint' | 'step'>): Promise<void> {
    return new Promise((resolve, reject) => {
      const report = { id: reporter.id, token: reporter.token, ...memory };
      this.#memories.push({ reporter, report, resolve, reject });
      this.#options.schedule();
    });
  }

  async #deliver(entries: Entry[]): Promise<void> {
    try {
      const reports = entries.map(({ report, detail }) =>
        detail === undefined ? report : { ...report, detail: toShownJson(detail) },
      );
      const results = await this.#options.store.report(reports);
      for (const [i, { reporter }] of entries.entries()) this.#answered(reporter, results[i]);
    } catch (error) {
      this.#options.onError(error);
      if (codeOf(error) === 'CLOSED') return;
      for (const entry of entries) if (!entry.last) this.#gatherAgain(entry);
    }
  }

  async #keep(memories: Memory[]): Promise<void> {
    try {
      const results = await this.#options.store.report(memories.map(({ report }) => report));
      for (const [i, { reporter, report, resolve, reject }] of memories.entries()) {
        const what = report.step ? 'step' : 'checkpoint';
        if (this.#answered(reporter, results[i])) resolve();
        else reject(new JobStateError(reporter.id, `this attempt no longer runs it, so its ${what} was not kept.`));
      }
    } catch (error) {
      // One that the store does not take must not reject those of others: each is tried by itself.
      if (memories.length > 1) for (const memory of memories) void this.#keep([memory]);
      else for (const { reject } of memories) reject(error);
    }
  }

  #answered(reporter: Reporter, result: ReportResult | undefined): boolean {
    if (!result?.accepted) reporter.lost();
    else if (result.cancelling) reporter.cancel();
    return result?.accepted === true;
  }

  #gatherAgain({ reporter, report, detail }: Entry): void {
    const entry = this.#entry(reporter);
    entry.report = { ...report, ...entry.report };
    entry.detail ??= detail;
    const logs = [...(report.logs ?? []), ...(entry.report.logs ?? [])];
    if (report.logs && entry.report.logs !== report.logs) entry.report.logs = logs.slice(-MAX_LOGS);
    this.#scheduleGathered();
  }

  #entry(reporter: Reporter): Entry {
    let entry = this.#gathered.get(reporter);
    if (!entry) {
      entry = { reporter, report: { id: reporter.id, token: reporter.token } };
      this.#gathered.set(reporter, entry);
    }
    return entry;
  }

  #scheduleGathered(): void {
    if (this.#due || this.#timer) return;
    const { clock, schedule } = this.#options;
    const wait = this.#last + REPORT_INTERVAL - clock.monotonic();
    if (wait <= 0) {
      this.#due = true;
      schedule();
      return;
    }
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#due = true;
      schedule();
    });
  }
}

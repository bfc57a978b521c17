/**
 * A whole JobStore over the index: what stores that keep their state in this process share. They differ in the log that makes
 * records durable, in where bodies are kept, and in what happens to expired jobs.
 *
 * @module
 */
import { type Clock, systemClock } from '../clock';
import type { Definition, DefinitionChange, DefinitionKind } from '../definition';
import { StoreClosedError, UnsupportedError, ValidationError } from '../errors';
import { type HealthCheck, type StoreHealth, storeHealth } from '../health';
import type { HistoryQuery, HistoryResult, StoreMetrics } from '../history';
import type { Job, JobSpec, Json } from '../job';
import type { MachineProbe } from '../resources';
import type {
  AddOptions,
  AddResult,
  ChangeRequest,
  ChangeResult,
  ClaimedJob,
  ClaimRequest,
  Explanation,
  JobCounts,
  JobPage,
  JobStore,
  ListQuery,
  PastQuery,
  PastState,
  Report,
  ReportResult,
  RestoreOptions,
  RestoreResult,
  Settlement,
  SettleResult,
  StoreCapabilities,
  StoreEvent,
  SubscribeOptions,
  Subscription,
  UndoResult,
} from '../store';
import type { Trail, UndoRequest } from '../trail';
import { AddDesk } from './add-desk';
import { Ageing } from './ageing';
import { Alarms } from './alarms';
import { type ChangeScope, runChange } from './change-runner';
import { ClaimDesk } from './claim-desk';
import { type CommitLog, Committer } from './committer';
import { countJobs } from './count';
import { Deadlines } from './deadlines';
import { AddOverlay } from './decide-add';
import { decideDefine } from './decide-define';
import { decideRestore } from './decide-restore';
import { decideSettle, decideTakeBack } from './decide-settle';
import type { BodySource, Entry } from './entry';
import { EventHub } from './event-hub';
import { explainEntry } from './explain';
import { problemsOfGates } from './gate';
import { readHistory } from './history-query';
import { jobOf } from './job-of';
import { JobTable } from './job-table';
import { findPage } from './list';
import type { Past } from './past';
import { PastDesk } from './past-desk';
import type { Draft } from './records';
import { ReportDesk } from './report-desk';
import type { Retention } from './retention';
import { ScheduleDesk } from './schedule-desk';
import { metricsOf } from './store-metrics';
import { type Archiver, Sweeper } from './sweeper';
import { runUndo } from './undo-runner';
import { DEFAULT_MAX_JOB_BYTES } from './validate';
import { checkWorkers } from './worker-check';

/** Commits after a failed write are tried again this much later (ms). */
const RETRY_INTERVAL = 1_000;
/** Many jobs that end at once, because a parent failed or their time is over, are settled in turns, so much (ms) apart. */
const SLICE_INTERVAL = 1;
/** Events are remembered this long (ms) after a subscriber left, for it to come back. */
const EVENT_MEMORY = 30_000;

/** What a store puts under the engine. */
export interface EngineOptions {
  capabilities: StoreCapabilities;
  log: CommitLog;
  bodies: BodySource;
  retention: Retention;
  clock?: Clock;
  maxJobBytes?: number;
  /** Tells gates how the machine is. */
  machine?: MachineProbe;
  /** A filled index, after recovery. */
  table?: JobTable;
  hub?: EventHub;
  /** Takes expired jobs before they leave the index. */
  archive?: Archiver;
  /** What it remembers, if it has the capability `audit`. */
  past?: Past;
  /** Hears of errors that no caller can be told: listeners that threw, sweeps that failed. */
  onError?: (error: unknown) => void;
}

/** See the module. */
export class EngineStore implements JobStore {
  readonly capabilities: StoreCapabilities;
  readonly table: JobTable;
  readonly hub: EventHub;
  protected readonly clock: Clock;
  protected readonly committer: Committer;
  private readonly desk: ClaimDesk;
  private readonly reports: ReportDesk;
  private readonly maxBytes: number;
  private readonly adds: AddDesk;
  private readonly alarms: Alarms;
  private readonly sweeper: Sweeper;
  private readonly schedules: ScheduleDesk;
  private readonly past: PastDesk | undefined;
  private readonly deadlines: Deadlines;
  private readonly ageing: Ageing;
  private serving = false;
  /** What was due could not be written the last time. */
  private isStuck = false;
  private closed = false;

  constructor(protected readonly options: EngineOptions) {
    this.capabilities = options.capabilities;
    this.clock = options.clock ?? systemClock;
    this.maxBytes = options.maxJobBytes ?? DEFAULT_MAX_JOB_BYTES;
    this.table = options.table ?? new JobTable();
    this.table.admission.machine = options.machine;
    this.hub = options.hub ?? new EventHub(() => this.clock.now(), options.onError);
    this.committer = new Committer(this.table, this.hub, options.log, this.clock, () => this.wake(), options.bodies);
    this.desk = new ClaimDesk(this.committer, options.bodies, () => this.clock.now());
    this.adds = new AddDesk(this.committer, this.clock, this.maxBytes, options.bodies);
    this.alarms = new Alarms(this.clock);
    this.deadlines = new Deadlines(this.committer, () => this.clock.now());
    this.sweeper = new Sweeper({
      committer: this.committer,
      clock: this.clock,
      alarms: this.alarms,
      retention: options.retention,
      archive: options.archive,
      onError: (error) => options.onError?.(error),
      isClosed: () => this.closed,
    });
    const { clock, committer, alarms, maxBytes } = this;
    const onError = (error: unknown): void => options.onError?.(error);
    // What was recovered may be about to change: a person may have edited schedules and jobs while no program had the store open.
    const isRecovered = options.table !== undefined;
    this.ageing = new Ageing({ committer, clock, alarms, onError, wake: () => this.wake() }, isRecovered);
    this.schedules = new ScheduleDesk(
      { committer, bodies: options.bodies, clock, alarms, maxBytes, onError },
      isRecovered,
    );
    this.reports = new ReportDesk(this.committer, this.clock, (error) => this.options.onError?.(error));
    this.past = options.past && new PastDesk(options.past, this.clock);
    if (this.hub.active) this.forgetEventsLater();
    // Not a record more before the whole store is made.
    this.wake(false);
  }

  async open(): Promise<void> {
    this.assertOpen();
  }

  async add(specs: JobSpec[], options: AddOptions = {}): Promise<AddResult[]> {
    this.assertOpen();
    if (specs.length === 0) return [];
    return this.adds.add(specs, options);
  }

  async restore(jobs: Job[], options: RestoreOptions = {}): Promise<RestoreResult[]> {
    this.assertOpen();
    const context = { table: this.table, now: this.clock.now(), maxBytes: this.maxBytes };
    const { records, results } = decideRestore(context, jobs, options);
    if (!options.dryRun) await this.committer.commit([records]);
    return results;
  }

  async claim(request: ClaimRequest, options: { signal?: AbortSignal } = {}): Promise<ClaimedJob[]> {
    this.assertOpen();
    validateClaim(request);
    this.followClock();
    // What has expired must not start, be there ever so much of it.
    while (this.deadlines.isDue && !this.isStuck) {
      await this.pauseScan();
      this.followClock();
    }
    const claimed = this.desk.claim(request, options.signal);
    // What held jobs back may open by itself.
    this.armAdmission();
    return claimed;
  }

  async settle(settlements: Settlement[]): Promise<SettleResult[]> {
    this.assertOpen();
    const settled = new Map<string, Settlement>();
    const overlay = new AddOverlay();
    const { table, maxBytes } = this;
    const context = { table, bodies: this.options.bodies, overlay, now: this.clock.now(), maxBytes };
    const drafts: Draft[] = [];
    const results = settlements.map((settlement): SettleResult => {
      const { accepted, draft } = decideSettle(context, settlement, settled);
      if (draft) drafts.push(draft);
      return { id: settlement.id, accepted };
    });
    const durable = this.committer.commit(drafts);
    for (const result of results) {
      const entry = this.table.entries.get(result.id);
      if (entry) result.status = entry.status;
    }
    await durable;
    return results;
  }

  async report(reports: Report[]): Promise<ReportResult[]> {
    this.assertOpen();
    return this.reports.report(reports, this.maxBytes);
  }

  async takeBack(
    workers: string[],
    cause: 'released' | 'crashed',
    { keep }: { keep?: string[] } = {},
  ): Promise<number> {
    this.assertOpen();
    const kept = new Set(keep);
    const drafts: Draft[] = [];
    for (const worker of new Set(workers)) {
      for (const entry of this.table.byWorker.get(worker) ?? []) {
        if (!kept.has(String(entry.run?.token))) drafts.push(decideTakeBack(entry, cause, this.clock.now()));
      }
      // A worker that says what it keeps, if only nothing, is still there.
      if (!keep) this.desk.forget(worker);
    }
    await this.committer.commit(drafts);
    return drafts.length;
  }

  async change(request: ChangeRequest): Promise<ChangeResult> {
    this.assertOpen();
    return runChange(
      this.changeScope(),
      request,
      (drafts) => this.committer.commit(drafts),
      () => this.pauseScan(),
    );
  }

  async undo(request: UndoRequest = {}): Promise<UndoResult> {
    this.assertOpen();
    const { past } = this.options;
    if (!past) throw this.unsupported('undo a change');
    return runUndo(
      this.changeScope(),
      past,
      request,
      (drafts) => this.committer.commit(drafts),
      () => this.pauseScan(),
    );
  }

  async trail(id: string): Promise<Trail> {
    this.assertOpen();
    if (!this.past) throw this.unsupported('tell the history of a job');
    return this.past.trail(id);
  }

  async stateAt(at: number, query?: PastQuery): Promise<PastState> {
    this.assertOpen();
    if (!this.past) throw this.unsupported('tell an earlier state');
    return this.past.stateAt(at, query);
  }

  async pause(paused: boolean, { type, by }: { type?: string; by?: string } = {}): Promise<void> {
    this.assertOpen();
    const { table } = this;
    if (paused === (type === undefined ? table.pausedAll : table.pausedTypes.has(type))) return;
    const scope = { ...(type !== undefined && { type }), ...(by !== undefined && { by }) };
    await this.committer.commit([{ op: 'pause', paused, ...scope }]);
  }

  async define(changes: DefinitionChange[], { by }: { by?: string } = {}): Promise<void> {
    this.assertOpen();
    // What is due is due by what was said before.
    this.followClock();
    await this.committer.commit(decideDefine(this.table.definitions, changes, by));
  }

  async definitions(kind?: DefinitionKind): Promise<Definition[]> {
    this.assertOpen();
    this.followClock();
    return this.table.definitions.list(kind).map((definition) => {
      const state = definition.kind === 'schedule' ? this.table.schedules.stateOf(definition.name) : undefined;
      return state ? { ...definition, state: state as unknown as Json } : definition;
    });
  }

  async get(ids: string[]): Promise<(Job | null)[]> {
    this.assertOpen();
    return ids.map((id) => this.jobOrNull(this.table.entries.get(id)));
  }

  async list(query: ListQuery = {}): Promise<JobPage> {
    this.assertOpen();
    return findPage(this.table, this.options.bodies, query, () => this.pauseScan());
  }

  async counts(): Promise<JobCounts> {
    this.assertOpen();
    this.followClock();
    return countJobs(this.table);
  }

  async explain(ids: string[]): Promise<(Explanation | null)[]> {
    this.assertOpen();
    this.followClock();
    this.table.admission.refresh(this.table, this.clock.now());
    const context = { now: this.clock.now(), hasWorker: (type: string) => this.desk.hasWorker(type) };
    return ids.map((id) => {
      const entry = this.table.entries.get(id);
      return entry ? explainEntry(this.table, entry, context) : null;
    });
  }

  async history(query: HistoryQuery = {}): Promise<HistoryResult> {
    this.assertOpen();
    return readHistory(this.table.history, query, this.clock.now(), () => this.pauseScan());
  }

  async metrics(): Promise<StoreMetrics> {
    this.assertOpen();
    this.followClock();
    return metricsOf(this.table, this.desk.known, this.clock.now());
  }

  async subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void): Promise<Subscription> {
    this.assertOpen();
    const subscription = this.hub.subscribe(options, listener, this.table.seq);
    return {
      seq: subscription.seq,
      close: async () => {
        await subscription.close();
        this.forgetEventsLater();
      },
    };
  }

  async health(): Promise<StoreHealth> {
    this.assertOpen();
    const gates = problemsOfGates(this.table.definitions, this.options.machine);
    const checks = [
      checkWorkers(this.table, this.desk.known),
      ...gates.map((message): HealthCheck => ({ name: 'gates', status: 'degraded', message })),
    ];
    return storeHealth(checks, { jobs: this.table.size, seq: this.table.seq });
  }

  async close(): Promise<void> {
    await this.shutDown([...this.table.byWorker.keys()]);
  }

  /** Lets jobs go whose retention ended: all, or as many (2,000) as are a matter of milliseconds. */
  protected sweep(rounds: 'all' | 'one'): Promise<void> {
    return this.sweeper.finish(rounds);
  }

  /** Closes, and releases what these workers hold; what others hold stays with them. */
  protected async shutDown(workers: string[]): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.desk.close();
    this.past?.forget();
    this.alarms.close();
    this.adds.flush();
    this.reports.flush();
    const now = this.clock.now();
    const held = workers.flatMap((worker) => [...(this.table.byWorker.get(worker) ?? [])]);
    await this.committer.commit(held.map((entry) => decideTakeBack(entry, 'released', now)));
  }

  /** @throws StoreClosedError once the store is closed */
  protected assertOpen(): void {
    if (this.closed) throw new StoreClosedError();
  }

  /** The types that connected workers take; `any` when one of them takes whatever comes. */
  protected claimedTypes(): string[] | 'any' {
    return this.desk.claimedTypes();
  }

  /** Commits what the store itself decided (recovery, adopted files). @throws StoreWriteError */
  protected commit(drafts: readonly Draft[]): Promise<void> | undefined {
    return this.committer.commit(drafts);
  }

  private changeScope(): ChangeScope {
    const { bodies, past } = this.options;
    return { table: this.table, bodies, clock: this.clock, maxBytes: this.maxBytes, past };
  }

  private unsupported(what: string): UnsupportedError {
    return new UnsupportedError(this.capabilities.name, what);
  }

  /** After each commit: hands out what became ready, and sets the next alarms. @param isMade The whole store is made, and may write. */
  private wake(isMade = true): void {
    if (this.serving || this.closed) return;
    this.serving = true;
    try {
      const now = this.clock.now();
      this.table.promoteDue(now);
      this.table.admission.elapse(now);
      if (isMade) {
        this.deadlines.run();
        this.ageing.run();
      }
      this.isStuck = false;
      if (!this.deadlines.isDue) this.desk.serve();
    } catch (error) {
      // The starts could not be written: those who wait go on waiting.
      this.isStuck = true;
      this.options.onError?.(error);
      this.alarms.after('retry', RETRY_INTERVAL, () => this.wake());
    } finally {
      this.serving = false;
    }
    this.armSchedule();
    this.schedules.follow();
    if (this.table.dependencies.hasWork) {
      const wait = this.committer.isStuck ? RETRY_INTERVAL : SLICE_INTERVAL;
      this.alarms.after('cascade', wait, () => this.settleOrphans());
    }
    this.sweeper.arm();
  }

  /** Ends jobs that a lost parent keeps from ever running, where the last commit left off: it had many, could not write, or a crash came. */
  protected settleOrphans(): void {
    try {
      this.committer.commit([], { lazy: true });
    } catch (error) {
      this.options.onError?.(error);
    }
  }

  /** Whoever left may come back for what happened meanwhile. */
  private forgetEventsLater(): void {
    this.alarms.stop('events');
    this.alarms.after('events', EVENT_MEMORY, () => this.hub.forget());
  }

  /** Readers must see what is due now. */
  private followClock(): void {
    if (this.deadlines.isDue) this.wake();
    if (this.table.promoteDue(this.clock.now())) this.armSchedule();
    if (this.ageing.isDue) this.wake();
    this.schedules.follow();
  }

  /** From now on schedules fire: those that were recovered are as a person wants them. */
  protected startSchedules(): void {
    this.schedules.start();
  }

  /** From now on jobs age: those that were recovered are as a person wants them. */
  protected startAgeing(): void {
    this.ageing.start();
  }

  private armSchedule(): void {
    this.alarms.at('schedule', this.table.scheduled.minKey()?.runAt, () => this.wake());
    this.armAdmission();
    this.ageing.arm();
    if (this.isStuck) return;
    if (this.deadlines.isDue) this.alarms.after('deadlines-more', SLICE_INTERVAL, () => this.wake());
    else this.alarms.at('deadlines', this.table.waits.next, () => this.wake());
  }

  private armAdmission(): void {
    this.alarms.at('admission', this.table.admission.opensAt, () => this.wake());
  }

  private jobOrNull(entry: Entry | undefined): Job | null {
    return entry ? jobOf(entry, this.options.bodies) : null;
  }

  /** Lets others run in the middle of a long scan. */
  private async pauseScan(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.assertOpen();
  }
}

function validateClaim(request: ClaimRequest): void {
  const fail = (path: string, message: string): never => {
    throw new ValidationError('The claim', [{ path: [path], message }]);
  };
  if (typeof request.worker !== 'string' || request.worker === '') fail('worker', 'must be a text');
  if (!Number.isInteger(request.limit) || request.limit < 1) fail('limit', 'must be a positive integer');
}

/**
 * A whole JobStore over the index: what stores that keep their state in this process share. They differ in the log that makes
 * records durable, in where bodies are kept, and in what happens to expired jobs.
 *
 * @module
 */
import { type Clock, systemClock } from '../clock';
import type { Definition, DefinitionChange, DefinitionKind } from '../definition';
import { StoreClosedError, UnsupportedError } from '../errors';
import type { StoreHealth } from '../health';
import type { HistoryQuery, HistoryResult, StoreMetrics } from '../history';
import type { Job, JobSpec } from '../job';
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
import { Alarms } from './alarms';
import { ChangeDesk } from './change-desk';
import { ClaimDesk } from './claim-desk';
import { Committer } from './committer';
import type { EngineOptions } from './engine-options';
import { EventDesk } from './event-desk';
import { EventHub } from './event-hub';
import { JobTable } from './job-table';
import { PastDesk } from './past-desk';
import { Pulse } from './pulse';
import { QueryDesk } from './query-desk';
import { ReportDesk } from './report-desk';
import { ScheduleDesk } from './schedule-desk';
import { SettleDesk } from './settle-desk';
import { Sweeper } from './sweeper';
import { DEFAULT_MAX_JOB_BYTES } from './validate';

/** See the module. */
export class EngineStore implements JobStore {
  readonly capabilities: StoreCapabilities;
  readonly table: JobTable;
  readonly hub: EventHub;
  protected readonly clock: Clock;
  /** Commits what the store itself decided, too: recovery, adopted files. */
  protected readonly committer: Committer;
  private readonly maxBytes: number;
  private readonly adds: AddDesk;
  private readonly claims: ClaimDesk;
  private readonly settles: SettleDesk;
  private readonly reports: ReportDesk;
  private readonly changes: ChangeDesk;
  private readonly schedules: ScheduleDesk;
  private readonly past: PastDesk | undefined;
  private readonly queries: QueryDesk;
  private readonly events: EventDesk;
  private readonly sweeper: Sweeper;
  private readonly alarms: Alarms;
  private readonly pulse: Pulse;
  private closed = false;

  constructor(protected readonly options: EngineOptions) {
    this.capabilities = options.capabilities;
    this.clock = options.clock ?? systemClock;
    this.maxBytes = options.maxJobBytes ?? DEFAULT_MAX_JOB_BYTES;
    this.table = options.table ?? new JobTable();
    this.table.admission.machine = options.machine;
    this.hub = options.hub ?? new EventHub(() => this.clock.now(), options.onError);
    this.alarms = new Alarms(this.clock);
    const { bodies, retention, archive, past } = options;
    const { table, clock, alarms, maxBytes } = this;
    const onError = (error: unknown): void => options.onError?.(error);
    const isClosed = (): boolean => this.closed;
    const pause = (): Promise<void> => this.pauseScan();
    const committer = new Committer(table, this.hub, options.log, clock, () => this.pulse.wake(), bodies);
    const claims = new ClaimDesk(committer, bodies, () => clock.now());
    const sweeper = new Sweeper({ committer, clock, alarms, retention, archive, onError, isClosed });
    // What was recovered may be about to change: a person may have edited schedules and jobs while no program had the store open.
    const isRecovered = options.table !== undefined;
    const schedules = new ScheduleDesk({ committer, bodies, clock, alarms, maxBytes, onError }, isRecovered);
    this.committer = committer;
    this.adds = new AddDesk(committer, clock, maxBytes, bodies);
    this.claims = claims;
    this.settles = new SettleDesk(committer, clock, maxBytes, bodies);
    this.reports = new ReportDesk(committer, clock, onError);
    this.changes = new ChangeDesk(committer, { table, bodies, clock, maxBytes, past }, pause);
    this.schedules = schedules;
    this.past = past && new PastDesk(past, clock);
    this.sweeper = sweeper;
    const driven = { claims, schedules, sweeper };
    const pulse = new Pulse({ committer, clock, alarms, ...driven, onError, isClosed }, isRecovered);
    this.pulse = pulse;
    this.queries = new QueryDesk({ table, bodies, clock, claims, pulse, machine: options.machine, pause });
    this.events = new EventDesk(this.hub, table, alarms);
    // Not a record more before the whole store is made.
    this.pulse.wake(false);
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
    return this.changes.restore(jobs, options);
  }

  async claim(request: ClaimRequest, options: { signal?: AbortSignal } = {}): Promise<ClaimedJob[]> {
    this.assertOpen();
    this.pulse.followClock();
    // What has expired must not start, be there ever so much of it.
    while (this.pulse.isBehind) {
      await this.pauseScan();
      this.pulse.followClock();
    }
    const claimed = this.claims.claim(request, options.signal);
    this.pulse.armAdmission();
    return claimed;
  }

  async settle(settlements: Settlement[]): Promise<SettleResult[]> {
    this.assertOpen();
    return this.settles.settle(settlements);
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
    // A worker that says what it keeps, if only nothing, is still there.
    if (!keep) for (const worker of workers) this.claims.forget(worker);
    return this.settles.takeBack(workers, cause, keep);
  }

  async change(request: ChangeRequest): Promise<ChangeResult> {
    this.assertOpen();
    // See `runChange`.
    return await this.changes.change(request);
  }

  async undo(request: UndoRequest = {}): Promise<UndoResult> {
    this.assertOpen();
    return this.changes.undo(request, this.capabilities.name);
  }

  async trail(id: string): Promise<Trail> {
    this.assertOpen();
    return this.known('tell the history of a job').trail(id);
  }

  async stateAt(at: number, query?: PastQuery): Promise<PastState> {
    this.assertOpen();
    return this.known('tell an earlier state').stateAt(at, query);
  }

  async pause(paused: boolean, options: { type?: string; by?: string } = {}): Promise<void> {
    this.assertOpen();
    await this.changes.pause(paused, options);
  }

  async define(changes: DefinitionChange[], { by }: { by?: string } = {}): Promise<void> {
    this.assertOpen();
    // What is due is due by what was said before.
    this.pulse.followClock();
    await this.changes.define(changes, by);
  }

  async definitions(kind?: DefinitionKind): Promise<Definition[]> {
    this.assertOpen();
    return this.queries.definitions(kind);
  }

  async get(ids: string[]): Promise<(Job | null)[]> {
    this.assertOpen();
    return this.queries.get(ids);
  }

  async list(query: ListQuery = {}): Promise<JobPage> {
    this.assertOpen();
    return this.queries.list(query);
  }

  async counts(): Promise<JobCounts> {
    this.assertOpen();
    return this.queries.counts();
  }

  async explain(ids: string[]): Promise<(Explanation | null)[]> {
    this.assertOpen();
    return this.queries.explain(ids);
  }

  async history(query: HistoryQuery = {}): Promise<HistoryResult> {
    this.assertOpen();
    return this.queries.history(query);
  }

  async metrics(): Promise<StoreMetrics> {
    this.assertOpen();
    return this.queries.metrics();
  }

  async subscribe(options: SubscribeOptions, listener: (events: StoreEvent[]) => void): Promise<Subscription> {
    this.assertOpen();
    return this.events.subscribe(options, listener);
  }

  async health(): Promise<StoreHealth> {
    this.assertOpen();
    return this.queries.health();
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
    this.claims.close();
    this.past?.forget();
    this.alarms.close();
    this.adds.flush();
    this.reports.flush();
    await this.settles.takeBack(workers, 'released');
  }

  /** @throws StoreClosedError once the store is closed */
  protected assertOpen(): void {
    if (this.closed) throw new StoreClosedError();
  }

  /** The types that connected workers take; `any` when one of them takes whatever comes. */
  protected claimedTypes(): string[] | 'any' {
    return this.claims.claimedTypes();
  }

  /** Ends jobs that a lost parent keeps from ever running, where the last commit left off: it had many, could not write, or a crash came. */
  protected settleOrphans(): void {
    this.pulse.settleOrphans();
  }

  /** From now on jobs age: those that were recovered are as a person wants them. */
  protected startAgeing(): void {
    this.pulse.startAgeing();
  }

  /** From now on schedules fire: those that were recovered are as a person wants them. */
  protected startSchedules(): void {
    this.schedules.start();
  }

  private known(what: string): PastDesk {
    if (!this.past) throw new UnsupportedError(this.capabilities.name, what);
    return this.past;
  }

  /** Lets others run in the middle of a long scan. */
  private async pauseScan(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.assertOpen();
  }
}

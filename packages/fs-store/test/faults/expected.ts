/**
 * What a store must show after a workload, by its ledger alone: a plain account of the jobs, made of what was answered. Where an answer
 * leaves something open (a job that was held when its store could not be closed in order) it says what is allowed.
 *
 * @module
 */
import type {
  AddResult,
  ChangeRequest,
  ChangeResult,
  ClaimedJob,
  ClaimRequest,
  Job,
  JobSpec,
  JobStatus,
  Json,
  Report,
  ReportResult,
  Settlement,
  SettleResult,
  UndoRequest,
  UndoResult,
} from '@leviathan/core';
import type { LedgerEntry } from '../support/ledger';
import { type ExpectedJob, jobOf, outcomeOf } from './expected-job';

/** Codes of a store that cannot be opened (again). */
const LOST = ['OPEN_FAILED', 'NOT_WRITABLE', 'NOT_A_FOLDER', 'CONNECTION', 'OWNER_SILENT'];

/** See the module. */
export class Expected {
  readonly jobs = new Map<string, ExpectedJob>();
  /** Ids that must not be there. */
  readonly absent = new Set<string>();
  /** Data of jobs from files without an id: each is one job. */
  readonly nameless: Json[] = [];
  readonly paused = new Set<string>();
  /** Answers that contradict those before. */
  readonly problems: string[] = [];
  /**
   * A store could not be closed in order, because the journal could not be synced. The next one goes on with what the kernel still shows of
   * it, which a power cut may take all the same: starts, which nobody waits for the device with. What was acknowledged is not among it.
   */
  mayForgetStarts = false;
  /** What each `add` asked for, whatever came of it. */
  readonly #asked = new Map<string, ExpectedJob>();
  /** How the jobs of each change were before it. */
  readonly #before = new Map<number, ReadonlyMap<string, ExpectedJob>>();
  /** Jobs that were removed before they completed. */
  readonly #left = new Set<string>();
  /** Stores that had no owner any more and could not become it: they close like a process that dies. */
  readonly #lost = new Set<number>();
  /** Stores that were opened beside another one. */
  readonly #clients = new Set<number>();

  /** @param entries In the order in which they were answered. */
  constructor(entries: readonly LedgerEntry[]) {
    const closes = entries.filter(({ call }) => call === 'close');
    const answered = entries.filter(({ answeredAt }) => answeredAt !== undefined);
    for (const { call, on, askedAt } of entries) {
      const others = entries.filter((other) => other.call === 'open' && other.on < on && other.askedAt < askedAt);
      const hasOwner = others.some(
        (other) => !closes.some((close) => close.on === other.on && close.askedAt < askedAt),
      );
      if (call === 'open' && hasOwner) this.#clients.add(on);
    }
    for (const { call, args } of entries)
      if (call === 'add')
        for (const spec of args[0] as JobSpec[]) this.#asked.set(spec.id as string, jobOf(spec, false));
    answered.sort((a, b) => (a.answeredAt as number) - (b.answeredAt as number));
    for (const entry of answered) {
      const at = entry.answeredAt as number;
      // Whoever closes a store that cannot write ends the waiting of others, who are not told how it ended.
      const isOpen = entry.state === 'refused' && closes.some((close) => close.on === entry.on && close.askedAt < at);
      this.#answered(entry, isOpen);
      this.#cascade();
    }
    for (const entry of entries) if (entry.answeredAt === undefined) this.#unanswered(entry);
  }

  #answered(entry: LedgerEntry, isOpen: boolean): void {
    const { call, args, result, on } = entry;
    const isDone = entry.state === 'acknowledged';
    const code = String((entry.error as { code?: unknown } | undefined)?.code);
    if (LOST.includes(code) || (code === 'WRITE_FAILED' && this.#clients.has(on))) this.#lost.add(on);
    if (call === 'close') this.#closed(on, isDone && !this.#lost.has(on));
    else if (call === 'add') this.#added(args[0] as JobSpec[], isDone ? (result as AddResult[]) : undefined, isOpen);
    else if (call === 'settle')
      this.#settled(args[0] as Settlement[], isDone ? (result as SettleResult[]) : undefined, isOpen);
    else if (!isDone) return;
    else if (call === 'claim') this.#claimed(args[0] as ClaimRequest, result as ClaimedJob[], on);
    else if (call === 'get') this.#got(args[0] as string[], result as (Job | null)[]);
    else if (call === 'report') this.#reported(args[0] as Report[], result as ReportResult[]);
    else if (call === 'change') this.#changed(args[0] as ChangeRequest, result as ChangeResult);
    else if (call === 'undo') this.#undone(args[0] as UndoRequest, result as UndoResult);
    else if (call === 'takeBack') this.#takenBack(args[0] as string[]);
    else if (call === 'pause') this.#paused(args[0] as boolean, (args[1] as { type?: string } | undefined)?.type);
  }

  #added(specs: JobSpec[], results: AddResult[] | undefined, isOpen: boolean): void {
    for (const [i, spec] of specs.entries()) {
      const id = spec.id as string;
      if (results?.[i]?.outcome && !results[i]?.added) this.#takenUp(results[i]?.id as string, spec);
      if (results && !results[i]?.added) continue;
      if (!results && !isOpen) {
        if (!this.jobs.has(id)) this.absent.add(id);
        continue;
      }
      this.absent.delete(id);
      if (!this.jobs.has(id)) this.jobs.set(id, jobOf(spec, !results));
    }
  }

  /** A job that holds its key takes it up. */
  #takenUp(id: string, { data, priority = 5, tags = [], unique }: JobSpec): void {
    const known = this.jobs.get(id);
    if (!known) return;
    if (unique === 'merge') known.data = [...(known.data as Json[]), ...(data as Json[])];
    else Object.assign(known, { data, priority, tags });
  }

  /** The process of these workers died. */
  #takenBack(workers: string[]): void {
    for (const job of this.jobs.values()) {
      if (!job.statuses.has('active') || !workers.includes(job.worker ?? '')) continue;
      job.statuses = new Set([job.onCrash === 'fail' || job.cancelling ? 'failed' : 'pending']);
      job.holder = undefined;
    }
  }

  #claimed(_request: ClaimRequest, claimed: ClaimedJob[], on: number): void {
    for (const { job } of claimed) {
      // A claim that waited may be answered before the add that it waited for.
      const known = this.jobs.get(job.id) ?? this.#asked.get(job.id);
      if (!known) continue;
      this.jobs.set(job.id, known);
      Object.assign(known, {
        statuses: new Set(['active']),
        attempts: new Set([job.attempt]),
        mayLack: false,
        ...{ holder: on, worker: job.worker },
      });
    }
  }

  #got(ids: string[], jobs: (Job | null)[]): void {
    for (const [i, id] of ids.entries()) {
      const known = this.jobs.get(id);
      if (known && !known.mayLack && !jobs[i]) this.problems.push(`job ${id} was not there when it was asked for`);
    }
  }

  #settled(settlements: Settlement[], results: SettleResult[] | undefined, isOpen: boolean): void {
    for (const [i, settlement] of settlements.entries()) {
      const known = this.jobs.get(settlement.id);
      if (!known || (results && !results[i]?.accepted)) continue;
      const after = outcomeOf(known, settlement, results?.[i]?.status);
      if (results || isOpen) this.#awaits(known, settlement, !results);
      if (results) Object.assign(known, after, { holder: undefined, cancelling: false });
      else if (isOpen) {
        for (const status of after.statuses) known.statuses.add(status);
        for (const attempt of after.attempts) known.attempts.add(attempt);
        known.result = after.result;
      }
    }
  }

  /** Its children are there with its own step, or not at all. */
  #awaits(known: ExpectedJob, settlement: Settlement, isOpen: boolean): void {
    if (settlement.outcome !== 'waiting' || known.cancelling) return;
    const { jobs, onChildFailed = 'wait' } = settlement.children;
    for (const spec of jobs) this.jobs.set(spec.id as string, jobOf(spec, isOpen));
    known.dependsOn = jobs.map(({ id }) => id as string);
    known.onParentFailed = onChildFailed;
  }

  #reported(reports: Report[], results: ReportResult[]): void {
    for (const [i, { id, checkpoint }] of reports.entries()) {
      const known = this.jobs.get(id);
      if (known && results[i]?.accepted && checkpoint !== undefined) known.checkpoint = checkpoint;
    }
  }

  /** Which letters are of which jobs is told by nothing but the store: see `unityFaults`. */
  #redriven(): void {
    for (const job of this.jobs.values()) {
      if (!job.leavesLetter || !job.statuses.has('failed')) continue;
      job.statuses.add('pending');
      job.attempts.add(0);
    }
  }

  #changed({ change }: ChangeRequest, { ids, operation = 0 }: ChangeResult): void {
    if (change.action === 'redrive' && ids.length > 0) this.#redriven();
    const before = new Map<string, ExpectedJob>();
    this.#before.set(operation, before);
    for (const id of ids) {
      const job = this.jobs.get(id);
      if (!job) continue;
      before.set(id, structuredClone(job));
      switch (change.action) {
        case 'remove':
          if (!job.statuses.has('completed')) this.#left.add(id);
          this.jobs.delete(id);
          this.absent.add(id);
          break;
        case 'cancel':
          if (job.statuses.has('active')) job.cancelling = true;
          else job.statuses = new Set(['failed']);
          break;
        case 'retry':
          if (job.statuses.has('failed')) job.attempts = new Set([0]);
          job.statuses = new Set(['pending']);
          job.mayExpire = false;
          this.#parentRetried(id);
          break;
        case 'reprioritise':
          if (!job.ages) job.priority = change.priority;
          break;
        case 'move':
          job.priority = undefined;
          break;
        case 'edit':
          if (change.patch.data !== undefined) job.data = change.patch.data;
          if (change.patch.priority !== undefined && !job.ages) job.priority = change.patch.priority;
          if (change.patch.tags) job.tags = change.patch.tags;
          if (change.patch.expiresAt === null) job.mayExpire = false;
      }
    }
  }

  /** Each job is as it was before the change. */
  #undone({ operation = 0 }: UndoRequest, { ids }: UndoResult): void {
    for (const [id, job] of this.#before.get(operation) ?? []) {
      if (!ids.includes(id)) continue;
      this.jobs.set(id, structuredClone(job));
      this.absent.delete(id);
      this.#left.delete(id);
    }
  }

  /** What the ends of jobs mean to those that depend on them. */
  #cascade(): void {
    for (let isSettled = false; !isSettled; ) {
      isSettled = true;
      for (const job of this.jobs.values()) {
        const loss = job.statuses.has('pending') ? this.#lossOf(job) : 'none';
        const end = job.onParentFailed === 'skip' || job.onParentFailed === 'only' ? 'completed' : 'failed';
        if (loss === 'none' || (loss === 'perhaps' && job.statuses.has(end))) continue;
        if (loss === 'sure') job.statuses.delete('pending');
        job.statuses.add(end);
        job.isOrphaned = true;
        isSettled = false;
      }
    }
  }

  /** What was to become of its children may have found no room on the disk by then; now it is not to any more. */
  #parentRetried(id: string): void {
    for (const job of this.jobs.values()) if (job.isOrphaned && job.dependsOn.includes(id)) job.statuses.add('pending');
  }

  /** Whether a parent keeps it from ever running. */
  #lossOf({ dependsOn, onParentFailed }: ExpectedJob): 'none' | 'perhaps' | 'sure' {
    if (onParentFailed === 'continue') return 'none';
    if (onParentFailed === 'only') return this.#isUnwanted(dependsOn);
    if (dependsOn.some((id) => this.#left.has(id))) return 'sure';
    if (onParentFailed === 'wait') return 'none';
    const parents = dependsOn.flatMap((id) => this.jobs.get(id) ?? []).filter(({ statuses }) => statuses.has('failed'));
    if (parents.length === 0) return 'none';
    return parents.some(({ statuses }) => statuses.size === 1) ? 'sure' : 'perhaps';
  }

  /** All of its parents completed, and it was to run if one failed. */
  #isUnwanted(parents: string[]): 'none' | 'perhaps' | 'sure' {
    const all = parents.map((id) => this.jobs.get(id)?.statuses ?? new Set<JobStatus>());
    if (!all.every((statuses) => statuses.has('completed'))) return 'none';
    return all.every(({ size }) => size === 1) ? 'sure' : 'perhaps';
  }

  #paused(paused: boolean, type = '*'): void {
    if (paused) this.paused.add(type);
    else this.paused.delete(type);
  }

  /** What it held goes back: without an attempt spent when it closed in order. */
  #closed(on: number, inOrder: boolean): void {
    if (!inOrder) this.mayForgetStarts = true;
    for (const job of this.jobs.values()) {
      if (job.holder !== on) continue;
      const [attempt = 0] = job.attempts;
      job.statuses = new Set(inOrder ? [] : job.statuses);
      job.statuses.delete('active');
      job.statuses.add(job.cancelling ? 'failed' : 'pending');
      if (!job.cancelling) {
        if (inOrder) job.attempts = new Set([attempt - 1]);
        else job.attempts.add(attempt - 1);
      } else if (!inOrder) job.statuses.add('pending');
      if (!inOrder && job.onCrash === 'fail') job.statuses.add('failed');
      job.holder = undefined;
    }
  }

  #unanswered({ call, args }: LedgerEntry): void {
    if (call === 'drop') this.#dropped(args[1] as string);
    else if (call === 'hand:move') this.#wished(args[0] as string, args[2] as JobStatus);
    else if (call === 'hand:remove') this.#wished(args[0] as string, 'failed');
  }

  #dropped(text: string): void {
    const spec = JSON.parse(text) as JobSpec;
    if (spec.data === undefined) return;
    if (spec.id === undefined) this.nameless.push(spec.data);
    // What the workload did with it afterwards stands in the answers that follow: here it is enough that it is there.
    else if (!this.jobs.has(spec.id)) {
      const job = jobOf(spec, false);
      job.statuses = new Set(['pending', 'active', 'completed']);
      job.attempts = new Set([0, 1, 2]);
      this.jobs.set(spec.id, job);
      this.absent.delete(spec.id);
    }
  }

  /** A person's wish may come too late, or be met. */
  #wished(id: string, status: JobStatus): void {
    const job = this.jobs.get(id);
    if (!job) return;
    job.statuses.add(status);
    job.attempts.add(0);
  }
}

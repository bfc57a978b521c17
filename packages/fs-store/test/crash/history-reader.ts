/**
 * Reads a ledger: what each call means to a job, and nothing of how a store does it.
 *
 * @module
 */
import type {
  AddResult,
  ChangeRequest,
  ChangeResult,
  ClaimedJob,
  JobSpec,
  Report,
  ReportResult,
  Settlement,
  SettleResult,
  UndoRequest,
  UndoResult,
} from '@leviathan/core';
import { JOB_DEFAULTS } from '@leviathan/core/engine';
import type { LedgerEntry } from '../support/ledger';
import { changedBy } from './change-effects';
import {
  adopted,
  cancelled,
  crashed,
  expired,
  fresh,
  opened,
  orphaned,
  PAUSE,
  released,
  retried,
  type Seen,
  type SeenText,
  seenText,
  settled,
  takenUp,
  takerOf,
  waitsFor,
} from './seen';

import { type Drop, type History, momentOf, NEVER, pauseId, type Running, type Step, scheduleId } from './steps';

/** See the file. */
export class Reader {
  private readonly jobs = new Map<string, Running>();
  readonly twins: History['twins'] = [];
  private readonly steps: Step[] = [];
  /** How the jobs of each change were before it. */
  private readonly changed = new Map<number, ReadonlyMap<string, Running>>();
  /** Jobs that left a dead letter, in this order. */
  private readonly letters: string[] = [];
  /** As far as time has passed: epoch milliseconds. */
  private now = 0;
  private group = 0;
  private batch = 0;
  private busyUntil = -1;
  private entry: LedgerEntry | undefined;

  constructor(
    private readonly placeOf: (moment: number) => number,
    private readonly drops: readonly Drop[],
    jobs: ReadonlyMap<string, SeenText> = new Map(),
    first = 0,
  ) {
    for (const [id, text] of jobs) this.jobs.set(id, { seen: JSON.parse(text), maxAttempts: 1, store: -1 });
    this.group = first;
    this.batch = first;
  }

  read(entries: readonly LedgerEntry[]): Step[] {
    const groups = new Map<LedgerEntry, number>();
    for (const entry of entries) {
      if (entry.state === 'refused') continue;
      if (entry.askedAt > this.busyUntil) this.group++;
      groups.set(entry, this.group);
      // Nobody waits for the answer to a wish.
      if (!/^hand:|^drop/.test(entry.call)) this.busyUntil = Math.max(this.busyUntil, entry.answeredAt ?? NEVER);
    }
    for (const [entry, group] of [...groups].sort(([a], [b]) => momentOf(a) - momentOf(b))) {
      this.entry = entry;
      this.group = group;
      this.take(entry);
    }
    return this.steps;
  }

  private take({ call, on, args, result }: LedgerEntry): void {
    if (call === 'add') this.add(args[0] as JobSpec[], result as AddResult[] | undefined);
    else if (call === 'claim') this.claim(on, (result as ClaimedJob[]) ?? []);
    else if (call === 'settle') this.settle(args[0] as Settlement[], result as SettleResult[] | undefined);
    else if (call === 'report') this.report(args[0] as Report[], result as ReportResult[] | undefined);
    else if (call === 'change') this.change(args[0] as ChangeRequest, result as ChangeResult | undefined);
    else if (call === 'undo') this.undo(args[0] as UndoRequest, result as UndoResult | undefined);
    else if (call === 'pause') this.pause(args[0] as boolean, (args[1] as { type?: string } | undefined)?.type);
    else if (call === 'close') this.close(on);
    else if (call === 'takeBack') this.takeBack(args[0] as string[]);
    else if (call === 'pass') this.pass(args[0] as number);
    else if (call === 'schedule') this.pauseOf(scheduleId(args[0] as string), 'schedule', true);
    else if (call === 'drop') this.drop(args[0] as string);
    else if (call === 'hand:move') this.move(args as [string, string, string]);
    else if (call === 'hand:remove') this.step(args[0] as string, 'cancel by hand', cancelled, { isWish: true });
  }

  private add(specs: readonly JobSpec[], results: AddResult[] | undefined): void {
    this.batch++;
    for (const [n, spec] of specs.entries()) {
      if (this.isTakenUp(spec)) continue;
      const id = results?.[n]?.id ?? (spec.id as string);
      if (results && !results[n]?.added) continue;
      this.addOne(id, spec);
    }
  }

  /** The job that holds the key takes it up, or (it runs) one comes after it: see `Unique`. */
  private isTakenUp(spec: JobSpec): boolean {
    const { key, unique } = spec;
    if (key === undefined || unique === undefined) return false;
    const [id, holder] = takerOf([...this.jobs], key) ?? [];
    if (id === undefined || !holder) return false;
    if (holder.seen.status === 'pending') this.step(id, `taking up ${spec.id}`, (seen) => takenUp(seen, spec));
    else if (unique !== 'replace')
      this.addOne(spec.id as string, { ...spec, dependsOn: [id], onParentFailed: 'continue' }, { batch: this.batch });
    return true;
  }

  private addOne(id: string, spec: JobSpec, marks: Partial<Step> = {}, parent: string | null = null): void {
    this.jobs.set(id, {
      seen: fresh(spec, parent),
      maxAttempts: spec.maxAttempts ?? JOB_DEFAULTS.maxAttempts,
      store: 0,
    });
    this.step(id, 'add', (seen) => seen, { batch: this.batch, ...marks });
    if (spec.onParentFailed === 'only') this.leaveOut({ batch: this.batch, ...marks });
    for (const parent of spec.dependsOn ?? []) {
      if (this.jobs.get(parent)?.seen.status === 'failed') this.cascade(parent, false, { batch: this.batch, ...marks });
    }
  }

  private claim(store: number, claimed: readonly ClaimedJob[]): void {
    for (const { job } of claimed) {
      const running = this.jobs.get(job.id);
      if (running) Object.assign(running, { store, worker: job.worker });
      const { priority } = job;
      const started = (seen: Seen): Seen => ({
        ...seen,
        ...(seen.options.ageing !== null && { priority }),
        ...{ status: 'active', attempt: seen.attempt + 1 },
      });
      this.step(job.id, 'claim', started, { firm: NEVER });
    }
  }

  private settle(settlements: readonly Settlement[], results: SettleResult[] | undefined): void {
    for (const [n, settlement] of settlements.entries()) {
      const running = this.jobs.get(settlement.id);
      if (running?.seen.status !== 'active' || results?.[n]?.accepted === false) continue;
      const marks = this.addChildren(settlement, running.seen);
      this.step(settlement.id, settlement.outcome, (seen) => settled(seen, settlement, running.maxAttempts), marks);
    }
  }

  /** They come with the job's own step, or not at all. */
  private addChildren(settlement: Settlement, { cancelling }: Seen): Partial<Step> {
    if (settlement.outcome !== 'waiting' || cancelling) return {};
    const batch = ++this.batch;
    for (const spec of settlement.children.jobs) this.addOne(spec.id as string, spec, { batch }, settlement.id);
    return { batch };
  }

  private report(reports: readonly Report[], results: ReportResult[] | undefined): void {
    for (const [n, { id, checkpoint, step }] of reports.entries()) {
      if (results?.[n]?.accepted === false) continue;
      if (checkpoint !== undefined) this.step(id, 'checkpoint', (seen) => ({ ...seen, checkpoint }));
      if (step) this.step(id, `step ${step.name}`, (seen) => ({ ...seen, steps: [...seen.steps, step.name] }));
    }
  }

  private takeBack(workers: readonly string[]): void {
    for (const [id, { seen, worker = '' }] of this.jobs)
      if (seen.status === 'active' && workers.includes(worker)) this.step(id, 'crash', crashed);
  }

  /** What expires by it shows as soon as a store is open, be it recorded by then or not. */
  private pass(now: number): void {
    this.now = now;
    for (const running of this.jobs.values()) running.seen = expired(running.seen, now);
  }

  private redrive(limit = Number.POSITIVE_INFINITY): void {
    for (const id of this.letters.splice(0, limit)) this.step(id, 'redrive', retried);
  }

  private change({ change, target }: ChangeRequest, result: ChangeResult | undefined): void {
    if (change.action === 'redrive') {
      this.redrive(change.limit);
      return;
    }
    const ids = result?.ids ?? ('ids' in target ? target.ids : []);
    const before = ids.flatMap((id): [string, Running][] => {
      const running = this.jobs.get(id);
      return running ? [[id, { ...running }]] : [];
    });
    if (result?.operation !== undefined) this.changed.set(result.operation, new Map(before));
    const priorityOf = (id: string): number | undefined => this.jobs.get(id)?.seen.priority;
    for (const id of ids) this.step(id, change.action, (seen) => changedBy(change, seen, priorityOf));
  }

  /** Each job is as it was before the change, or as the change left it. */
  private undo({ operation = 0 }: UndoRequest, result: UndoResult | undefined): void {
    const changed = this.changed.get(operation);
    for (const [id, before] of changed ?? []) {
      if (result && !result.ids.includes(id)) continue;
      if (!this.jobs.has(id)) this.jobs.set(id, { ...before });
      this.step(id, 'undo', () => before.seen);
    }
  }

  /** As if the pause were a job. */
  private pause(paused: boolean, type: string | undefined): void {
    this.pauseOf(pauseId(type), paused ? 'pause' : 'resume', paused);
  }

  private pauseOf(id: string, what: string, isSet: boolean): void {
    if (!this.jobs.has(id)) this.jobs.set(id, { seen: fresh(PAUSE), maxAttempts: 1, store: 0 });
    this.step(id, what, (seen) => (isSet ? { ...seen, data: true } : null));
  }

  /** What this process runs is released. */
  private close(store: number): void {
    for (const [id, running] of this.jobs) {
      if (running.seen.status === 'active' && running.store === store) this.step(id, 'release', released);
    }
  }

  private drop(name: string): void {
    const drop = this.drops.find((other) => other.name === name);
    if (!drop) throw new Error(`Nobody dropped ${name}.`);
    const spec = JSON.parse(drop.content) as JobSpec;
    // What cannot be a job goes to quarantine.
    if (spec.data === undefined) return;
    if (this.jobs.has(drop.id)) {
      this.twins.push({ job: drop.id, seen: seenText(fresh(spec)), begun: drop.renamedAt - 1 });
      return;
    }
    this.batch++;
    this.addOne(drop.id, spec, { begun: drop.renamedAt - 1, told: drop.safeAt, firm: drop.safeAt, isWish: true });
  }

  private move([id, from, to]: [string, string, string]): void {
    if (from === 'failed' && to === 'pending') this.step(id, 'retry by hand', retried, { isWish: true });
    else this.step(id, 'cancel by hand', cancelled, { isWish: true });
  }

  private step(job: string, what: string, effect: (seen: Seen) => Seen | null, marks: Partial<Step> = {}): void {
    const running = this.jobs.get(job);
    if (!running || !this.entry) return;
    const before = running.seen;
    const made = effect(before);
    const after = made && expired(made, this.now);
    const batch = marks.batch ?? ++this.batch;
    const { askedAt, answeredAt } = this.entry;
    const told = answeredAt === undefined ? NEVER : this.placeOf(answeredAt);
    this.steps.push({
      ...{ job, what, group: this.group },
      after: after && seenText(opened(after)),
      adopted: after && seenText(opened(adopted(after))),
      isFinished: after?.status === 'completed' || after?.status === 'failed',
      begun: this.placeOf(askedAt),
      told,
      firm: told,
      isWish: false,
      voidFrom: NEVER,
      ...{ ...marks, batch },
    });
    if (after) running.seen = after;
    else this.jobs.delete(job);
    if (after?.status === 'failed' && after.options.deadLetter !== null && after.reason !== 'cancelled')
      this.letters.push(job);
    if ((after === null && before.status !== 'completed') || after?.status === 'failed') {
      this.cascade(job, after === null, { ...marks, batch });
    }
    if (after?.status === 'completed') this.leaveOut({ ...marks, batch });
  }

  /** What becomes of jobs that depend on it is there with its own end, or made when the store opens: nobody sees one without the other. */
  private cascade(parent: string, hasLeft: boolean, marks: Partial<Step>): void {
    for (const [id, { seen }] of [...this.jobs]) {
      const after = waitsFor(seen).includes(parent) ? orphaned(seen, hasLeft) : undefined;
      if (after) this.step(id, `end for want of ${parent}`, () => after, marks);
    }
  }

  /** All parents completed of jobs that were to run if one failed. */
  private leaveOut(marks: Partial<Step>): void {
    const isDone = (id: string): boolean => this.jobs.get(id)?.seen.status === 'completed';
    for (const [id, { seen }] of [...this.jobs]) {
      if (seen.status !== 'pending' || seen.options.onParentFailed !== 'only' || !waitsFor(seen).every(isDone))
        continue;
      this.step(id, 'left out', (was) => ({ ...was, status: 'completed', skipped: true }), marks);
    }
  }
}

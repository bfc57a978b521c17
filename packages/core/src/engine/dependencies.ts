/**
 * Which jobs wait for which others, and what the end of one means to those that wait for it.
 *
 * @module
 */
import type { ParentPolicy } from '../job';
import type { Entry, EntryExtra } from './entry';
import type { EntryIndex } from './entry-index';
import type { JobHead } from './records';

/** So many jobs are told of the end of a parent at once. Where there are more they are told in slices: see {@link Dependencies.tell}. */
const AT_ONCE = 100;

/** A blocked job that will never run by itself. */
export interface Orphan {
  entry: Entry;
  /** Id of the parent that failed, or left before it completed; undefined: all completed, and it was to run if one failed. */
  parent: string | undefined;
}

/** How much may still be done in this turn of the event loop: jobs that are let go count one, those that get a record of their own more. */
export interface Budget {
  left: number;
}

/** What a record costs, compared with letting a job go. */
const RECORD_COST = 4;

/** A parent ended, and not all that wait for it know. */
interface News {
  /** Number of the record. */
  seq: number;
  isCompleted: boolean;
  /** Those that do not know yet. */
  rest: Iterator<Entry>;
}

/** See the module. It belongs to the index, and changes with its records alone. */
export class Dependencies {
  /** Jobs that wait for a parent, by the parent's id. */
  readonly dependents = new Map<string, Set<Entry>>();
  /** How many pending and active jobs named it as a parent or child, by its id. */
  private readonly needs = new Map<string, number>();
  /** Blocked jobs to be looked at: what they wait for ended or left, as far as was seen when it happened. */
  private readonly orphans = new Set<Entry>();
  private readonly news = new Map<string, News>();

  /** @param onFree A blocked job waits for nobody any more. */
  constructor(
    private readonly entries: EntryIndex,
    private readonly onFree: (entry: Entry) => void,
  ) {}

  /** Whether jobs that are not finished yet may want to see how this one ended. */
  isNeeded(id: string): boolean {
    return this.needs.has(id);
  }

  /** Whether there may be something for {@link Dependencies.tell} or {@link Dependencies.takeOrphans}. */
  get hasWork(): boolean {
    return this.news.size > 0 || this.orphans.size > 0;
  }

  /** It begins to wait for those of its parents, or of the jobs that it added last, that have not ended. */
  begin(extra: EntryExtra): void {
    const policy = policyOf(extra);
    const waitingFor = new Set<string>();
    for (const id of awaitedBy(extra)) {
      const status = this.entries.get(id)?.status;
      if (status === 'failed' && outlives(policy)) noteFailure(extra);
      else if (status !== 'completed') waitingFor.add(id);
    }
    if (waitingFor.size > 0 || isUnwanted(extra)) extra.waitingFor = waitingFor;
  }

  /** It is pending or active from now on, or (-1) no longer. */
  need({ extra }: Entry, change: 1 | -1): void {
    if (!extra) return;
    for (const id of extra.dependsOn ?? []) this.count(id, change);
    for (const { ids } of extra.children ?? []) for (const id of ids) this.count(id, change);
  }

  /** It stands blocked, or failed: it may be retried, and parents that complete meanwhile count. */
  listen(entry: Entry): void {
    const { extra } = entry;
    if (!extra?.waitingFor) return;
    for (const parent of extra.waitingFor) {
      const waiting = this.dependents.get(parent);
      if (waiting) waiting.add(entry);
      else this.dependents.set(parent, new Set([entry]));
    }
    if (entry.place === 'blocked' && this.isToBeLookedAt(extra)) this.orphans.add(entry);
  }

  /** The opposite of {@link Dependencies.listen}. */
  forget(entry: Entry): void {
    for (const parent of entry.extra?.waitingFor ?? []) this.unlist(entry, parent);
  }

  /**
   * A job completed, failed or left. Those that go on are let go, which needs no record, since whoever reads the records finds the same.
   * @param seq When: jobs that began to wait later wait for another job, which got its id.
   */
  ended(id: string, seq: number, isCompleted: boolean): void {
    this.finish(id);
    const waiting = this.dependents.get(id);
    if (!waiting) return;
    if (waiting.size > AT_ONCE) this.news.set(id, { seq, isCompleted, rest: waiting.values() });
    else for (const entry of [...waiting]) this.tellOne(entry, id, seq, isCompleted);
  }

  /** Something else happens to a job: all that wait for it must know of its end before. */
  finish(id: string): void {
    if (this.news.size === 0) return;
    const news = this.news.get(id);
    if (news) this.spread(id, news, { left: Number.POSITIVE_INFINITY });
  }

  /** Tells those of the ends that do not know yet, in the order in which they were added, as far as the budget goes. */
  tell(budget: Budget): void {
    for (const [id, news] of this.news) {
      this.spread(id, news, budget);
      if (budget.left <= 0) return;
    }
  }

  /** Takes out blocked jobs that can never run; those that go on without their parent are let go. */
  takeOrphans(budget: Budget): Orphan[] {
    const taken: Orphan[] = [];
    for (const entry of this.orphans) {
      if (budget.left <= 0) break;
      this.orphans.delete(entry);
      const orphan = this.entries.get(entry.id) === entry && entry.place === 'blocked' ? this.lookAt(entry) : undefined;
      budget.left -= orphan ? RECORD_COST : 1;
      if (orphan) taken.push(orphan);
    }
    return taken;
  }

  /** They could not be dealt with, and are to be given out again. */
  returnOrphans(orphans: readonly Orphan[]): void {
    for (const { entry } of orphans) this.orphans.add(entry);
  }

  private count(id: string, change: 1 | -1): void {
    const count = (this.needs.get(id) ?? 0) + change;
    if (count > 0) this.needs.set(id, count);
    else this.needs.delete(id);
  }

  private unlist(entry: Entry, parent: string): void {
    const waiting = this.dependents.get(parent);
    waiting?.delete(entry);
    if (waiting?.size === 0) this.dependents.delete(parent);
  }

  private spread(id: string, { seq, isCompleted, rest }: News, budget: Budget): void {
    for (; budget.left > 0; budget.left--) {
      const next = rest.next();
      if (next.done) {
        this.news.delete(id);
        return;
      }
      this.tellOne(next.value, id, seq, isCompleted);
    }
  }

  private tellOne(entry: Entry, parent: string, seq: number, isCompleted: boolean): void {
    const { extra } = entry;
    if (Math.max(entry.seq, extra?.waitingSince ?? 0) > seq) return;
    if (isCompleted || outlives(policyOf(extra))) this.release(entry, parent, isCompleted);
    else this.orphans.add(entry);
  }

  /** Whether {@link Dependencies.lookAt} would find something. */
  private isToBeLookedAt(extra: EntryExtra): boolean {
    for (const id of extra.waitingFor ?? []) if (this.hasEnded(id, policyOf(extra))) return true;
    return isUnwanted(extra) && extra.waitingFor?.size === 0;
  }

  private hasEnded(id: string, policy: ParentPolicy): boolean {
    const status = this.entries.get(id)?.status;
    return status === undefined || status === 'completed' || (status === 'failed' && policy !== 'wait');
  }

  private lookAt(entry: Entry): Orphan | undefined {
    const { extra } = entry;
    const policy = policyOf(extra);
    for (const id of extra?.waitingFor ?? []) {
      if (!this.hasEnded(id, policy)) continue;
      const isCompleted = this.entries.get(id)?.status === 'completed';
      if (!isCompleted && !outlives(policy)) return { entry, parent: id };
      this.release(entry, id, isCompleted);
    }
    return extra?.waitingFor?.size === 0 ? { entry, parent: undefined } : undefined;
  }

  /** It waits for this parent no more. */
  private release(entry: Entry, parent: string, isCompleted: boolean): void {
    this.unlist(entry, parent);
    const extra = entry.extra as EntryExtra;
    extra.waitingFor?.delete(parent);
    if (!isCompleted) noteFailure(extra);
    if (!extra.waitingFor || extra.waitingFor.size > 0) return;
    if (isUnwanted(extra)) {
      // It waits on, for nobody: what becomes of it needs a record.
      this.orphans.add(entry);
      return;
    }
    delete extra.waitingFor;
    if (entry.place === 'blocked') this.onFree(entry);
  }
}

/** The jobs that one waits for, be they ended or not: what it added last, once it has run. */
export function awaitedBy({ dependsOn, children }: Pick<JobHead, 'dependsOn' | 'children'>): readonly string[] {
  return children?.at(-1)?.ids ?? dependsOn ?? [];
}

/** What the failure of one of those that it waits for means to a job: once it has run, it waits for jobs that it added. */
export function policyOf(extra: Pick<EntryExtra, 'children' | 'onParentFailed'> | undefined): ParentPolicy {
  const added = extra?.children?.at(-1);
  return (added ? added.onChildFailed : extra?.onParentFailed) ?? 'wait';
}

/** Whether a failed parent counts as done. */
export function outlives(policy: ParentPolicy): boolean {
  return policy === 'continue' || policy === 'only';
}

function noteFailure(extra: EntryExtra): void {
  if (policyOf(extra) === 'only') extra.parentFailed = true;
}

/** Whether it is not to run if all of its parents have ended: none of them failed so far. */
function isUnwanted(extra: EntryExtra): boolean {
  return policyOf(extra) === 'only' && !extra.parentFailed;
}

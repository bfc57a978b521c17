/** Lets finished jobs go whose retention ended: archived first, then removed. */
import type { Clock } from '../clock';
import { nextTurn } from '../next-turn';
import type { Alarms } from './alarms';
import type { Committer } from './committer';
import type { Entry } from './entry';
import type { RecordDraft } from './records';
import { countExpired, findExpired, type Retention } from './retention';

/** How often (ms) retention by age is looked at. */
const INTERVAL = 60_000;
/** How soon (ms) after a commit retention by count and bytes is. */
const SOON = 10;
/** Jobs that go without a turn of the event loop in between: about a millisecond. */
const CHUNK = 250;
/** Jobs of one round, which share one flush of the archive. */
const ROUND = 2_000;
/**
 * Milliseconds of rest per millisecond of work. Under load there is always something more useful to do, and what is past its retention
 * can wait, but not pile up: the more there is of it, the shorter the rest.
 */
const REST = 6;
/** With so many jobs past their retention there is no rest. */
const CROWD = 250_000;

/** Where jobs go when they leave the index. */
export interface Archiver {
  /** Takes jobs; throws when it cannot. */
  append(entries: readonly Entry[]): void;
  /** Resolves when it has for good what it took. */
  sync(): Promise<void>;
}

/** What the sweeper works on. */
export interface SweeperOptions {
  committer: Committer;
  clock: Clock;
  alarms: Alarms;
  retention: Retention;
  /** Takes the jobs before they go; a failure keeps them. */
  archive: Archiver | undefined;
  onError: (error: unknown) => void;
  isClosed: () => boolean;
}

/** See the module. */
export class Sweeper {
  private running: Promise<'none' | 'more' | 'failed'> | undefined;
  /** What the archive has, in which revision, and what could not be removed yet: it need not take it a second time. */
  private readonly kept = new Map<Entry, number>();
  /** Milliseconds of work so far. */
  private spent = 0;

  constructor(private readonly options: SweeperOptions) {}

  /** Called after each commit. */
  arm(): void {
    if (this.running) return;
    const { committer, retention, alarms } = this.options;
    const { finished } = committer.table;
    if (finished.completed.size + finished.failed.size === 0) return;
    if (countExpired(committer.table, retention) > 0) alarms.after('sweep-soon', SOON, () => void this.sweep());
    alarms.after('sweep', INTERVAL, () => void this.sweep());
  }

  /** Lets go without a rest: all that may, or what one round takes. What fails stays, and is told. */
  async finish(rounds: 'all' | 'one'): Promise<void> {
    await this.running;
    while ((await this.run()) === 'more') if (rounds === 'one') return;
  }

  private async sweep(): Promise<void> {
    const { committer, retention, alarms } = this.options;
    const began = this.spent;
    const outcome = await this.run();
    // What is over its limit and stays, because jobs depend on it, is looked at again after the next commit.
    if (outcome === 'none') alarms.after('sweep', INTERVAL, () => void this.sweep());
    else if (outcome === 'failed') alarms.after('sweep', INTERVAL, () => void this.sweep());
    else {
      const crowd = Math.min(1, countExpired(committer.table, retention) / CROWD);
      const rest = (this.spent - began) * REST * (1 - crowd);
      alarms.after('sweep-soon', Math.max(SOON, rest), () => void this.sweep());
    }
  }

  /** One round, or the one that is under way. */
  private run(): Promise<'none' | 'more' | 'failed'> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async round(): Promise<'none' | 'more' | 'failed'> {
    const { committer, clock, retention, archive, onError, isClosed } = this.options;
    if (isClosed()) return 'none';
    const expired = findExpired(committer.table, retention, clock.now(), ROUND);
    if (expired.length === 0) return 'none';
    try {
      if (archive) await this.keep(expired, archive);
      await this.inChunks(expired, (entries) => this.remove(entries));
      this.kept.clear();
      return 'more';
    } catch (error) {
      onError(error);
      return 'failed';
    }
  }

  private async keep(expired: readonly Entry[], archive: Archiver): Promise<void> {
    const fresh = expired.filter((entry) => this.kept.get(entry) !== entry.lastSeq);
    const taken = new Map<Entry, number>();
    await this.inChunks(fresh, (entries) => {
      archive.append(entries);
      for (const entry of entries) taken.set(entry, entry.lastSeq);
    });
    await archive.sync();
    for (const [entry, version] of taken) this.kept.set(entry, version);
  }

  private async inChunks(entries: readonly Entry[], run: (chunk: readonly Entry[]) => void): Promise<void> {
    for (let start = 0; start < entries.length && !this.options.isClosed(); start += CHUNK) {
      if (start > 0) await new Promise<void>(nextTurn);
      const began = performance.now();
      run(entries.slice(start, start + CHUNK));
      this.spent += performance.now() - began;
    }
  }

  private remove(entries: readonly Entry[]): void {
    const { committer } = this.options;
    const removals = entries
      .filter((entry) => this.mayGo(entry))
      .map(({ id }): RecordDraft => ({ seq: 0, at: 0, op: 'remove', id, why: 'archived' }));
    committer.commit(removals, { lazy: true });
  }

  /** While a job was archived somebody may have removed or retried it, and it may have run again since. */
  private mayGo(entry: Entry): boolean {
    const { committer, archive } = this.options;
    if (committer.table.entries.get(entry.id) !== entry) return false;
    if (archive && this.kept.get(entry) !== entry.lastSeq) return false;
    if (committer.table.dependencies.isNeeded(entry.id)) return false;
    return entry.status === 'completed' || entry.status === 'failed';
  }
}

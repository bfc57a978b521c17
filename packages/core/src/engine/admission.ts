/**
 * Which ready jobs may start: by rules (limits, pools, gates), and in fair turns between groups. A store without rules whose jobs have
 * neither group nor needs pays one look at a flag for all of it.
 *
 * @module
 */
import type { MachineProbe } from '../resources';
import type { Cause } from '../store';
import type { SortedSet } from './btree';
import type { Bucket, Opening } from './buckets';
import type { DefinitionTable } from './definition-table';
import type { Entry } from './entry';
import { type Lane, TypeLanes } from './lanes';
import { type Rule, rulesOf } from './rules';

/** What a job takes of a bucket. */
interface Taken {
  bucket: Bucket;
  amount: number;
  rule: Rule;
}

/** What the index knows of its jobs. */
export interface Inventory {
  readonly ready: ReadonlyMap<string, SortedSet<Entry>>;
  readonly scheduled: SortedSet<Entry>;
  readonly byWorker: ReadonlyMap<string, ReadonlySet<Entry>>;
  readonly entries: { values(): Iterable<Entry> };
  readonly definitions: DefinitionTable;
}

/** See the module. */
export class Admission {
  /** Whether lanes and counts are kept up to date. Until somebody asks, a replay for example need not. */
  isLive = false;
  machine: MachineProbe | undefined;
  private isWanted = false;
  private rules: Rule[] = [];
  private readonly byType = new Map<string, TypeLanes | undefined>();
  /** Tags that some rule looks at. */
  private tags = new Set<string>();
  /** Buckets that open by themselves, and when. */
  private readonly timed = new Map<Bucket, number>();

  /** There are jobs now that ask for more than a worker. */
  want(): void {
    this.isWanted = true;
  }

  /** The rules changed: all is made anew when it is needed next. */
  renew(): void {
    this.isWanted = true;
    this.isLive = false;
  }

  /** Before anything is asked. */
  refresh(inventory: Inventory, now: number): void {
    if (this.isLive || !this.isWanted) return;
    this.isLive = true;
    this.rules = rulesOf(inventory.definitions, this.machine);
    this.tags = new Set(this.rules.flatMap(({ tags }) => [...(tags ?? [])]));
    this.byType.clear();
    this.timed.clear();
    if (this.rules.length > 0) this.recount(inventory, now);
    for (const [type, tree] of inventory.ready) if (tree.size > 0) this.lanesOf(type, tree);
  }

  /** The lanes of a type's ready jobs; `undefined`: it needs none. */
  lanesOf(type: string, ready: SortedSet<Entry>): TypeLanes | undefined {
    if (!this.isLive) return undefined;
    if (this.byType.has(type)) return this.byType.get(type);
    const isRuled = this.rules.some(({ types }) => !types || types.has(type));
    if (isRuled || hasSpecial(ready)) return this.addLanes(type, ready);
    this.byType.set(type, undefined);
    return undefined;
  }

  /** A job became ready. */
  entered(entry: Entry, ready: SortedSet<Entry>): void {
    const lanes = this.lanesOf(entry.type, ready);
    if (lanes) lanes.add(entry);
    else if (isSpecial(entry)) this.addLanes(entry.type, ready);
  }

  /** A job is not ready any more. */
  left(entry: Entry): void {
    this.byType.get(entry.type)?.delete(entry);
  }

  /** The lane of which a job may start next; those that may not are put aside. */
  next(lanes: TypeLanes, now: number): Lane | undefined {
    for (;;) {
      const lane = lanes.open.minKey();
      if (!lane || !this.isHeld(lane, now)) return lane;
    }
  }

  /** Counts the head of a lane as started, and takes it out, as long as the caller has not decided yet. Returns how to undo it. */
  tryStart(lane: Lane, now: number): () => void {
    const entry = lane.head;
    const taken = this.claimsOf(entry, now);
    const lanes = lane.type;
    lanes.delete(entry);
    lanes.served(lane);
    for (const { bucket, amount } of taken) bucket.take(now, amount);
    this.wakeNeighbours(entry.type, taken, now);
    return () => {
      lanes.add(entry);
      for (const { bucket, amount } of taken) {
        bucket.undo(amount);
        // Whoever was put aside because of this start, which may come to nothing.
        bucket.wake();
      }
    };
  }

  /** A job starts. */
  started(entry: Entry, at: number): void {
    this.take(entry, at, ['running', 'order', 'starts']);
  }

  /** It runs no more. */
  ended(entry: Entry, at: number): void {
    for (const taken of this.claimsOf(entry, at)) this.give(taken);
  }

  /** The job has started, and has to wait before it may start again: those behind it in its order wait with it. */
  startAgainWaits(entry: Entry, at: number): void {
    this.take(entry, at, ['order']);
  }

  /** Its wait is over. */
  startAgainDue(entry: Entry, at: number): void {
    for (const taken of this.claimsOf(entry, at)) if (taken.rule.counts === 'order') this.give(taken);
  }

  /** When something opens by itself; epoch milliseconds. */
  get opensAt(): number | undefined {
    return this.timed.size === 0 ? undefined : Math.min(...this.timed.values());
  }

  /** Lets those try again whose time has come. */
  elapse(now: number): void {
    for (const [bucket, at] of this.timed) {
      if (at > now) continue;
      this.timed.delete(bucket);
      bucket.wake();
    }
  }

  /** Everything that keeps a ready job from starting now. */
  causesOf(entry: Entry, now: number): Cause[] {
    return this.claimsOf(entry, now).flatMap(({ rule, bucket, amount }) => {
      const opening = bucket.opensAt(now, amount);
      return isOpen(opening, now) ? [] : [rule.causeOf(opening, entry, bucket)];
    });
  }

  private addLanes(type: string, ready: SortedSet<Entry>): TypeLanes {
    const lanes = new TypeLanes((entry) => this.keyOf(entry));
    lanes.onEmptied = (lane) => this.wakeNeighbours(type, this.claimsOf(lane.example, 0), Number.POSITIVE_INFINITY);
    this.byType.set(type, lanes);
    for (const entry of ready.keys()) lanes.add(entry);
    return lanes;
  }

  private keyOf({ extra }: Entry): string {
    if (!extra || (extra.group === undefined && !extra.needs && this.tags.size === 0)) return '';
    const tags = extra.tags?.filter((tag) => this.tags.has(tag));
    return JSON.stringify([extra.group, extra.needs, tags]);
  }

  private claimsOf(entry: Entry, now: number): Taken[] {
    const taken: Taken[] = [];
    for (const rule of this.rules) {
      const claim = rule.claimOn(entry, now);
      if (claim) taken.push({ ...claim, rule });
    }
    return taken;
  }

  /** Puts the lane aside if something holds it back. */
  private isHeld(lane: Lane, now: number): boolean {
    const claims = this.claimsOf(lane.example, now);
    for (const { bucket, amount } of claims) {
      const opening = bucket.opensAt(now, amount);
      if (isOpen(opening, now) && !bucket.isBehind(lane)) continue;
      bucket.hold(lane, opening === 'never');
      if (typeof opening === 'number' && opening > now) this.timed.set(bucket, opening);
      // There is room, and one that was put aside comes first by now: a job of it became ready since, or its turn came.
      if (isOpen(opening, now)) bucket.wakeOne(lane.example.type);
      // What another bucket let through it does not use.
      this.wakeNeighbours(
        lane.example.type,
        claims.filter((claim) => claim.bucket !== bucket),
        now,
      );
      return true;
    }
    return false;
  }

  /** Lets lanes of the same type try again where there is room left. */
  private wakeNeighbours(type: string, claims: readonly Taken[], now: number): void {
    for (const { bucket, amount } of claims) if (isOpen(bucket.opensAt(now, amount), now)) bucket.wakeOne(type);
  }

  private give({ bucket, amount }: Taken): void {
    bucket.give(amount);
    bucket.wake();
  }

  /** What runs, what waits for a retry, and what started not long ago, counts already. */
  private recount({ byWorker, scheduled, entries }: Inventory, now: number): void {
    const rules = { running: false, order: false, starts: 0 };
    for (const { counts, memory } of this.rules) {
      if (counts === 'starts') rules.starts = Math.max(rules.starts, memory);
      else rules[counts] = true;
    }
    if (rules.running || rules.order) {
      for (const held of byWorker.values()) for (const entry of held) this.take(entry, now, ['running', 'order']);
    }
    if (rules.order) for (const entry of scheduled.keys()) if (hasStarted(entry)) this.take(entry, now, ['order']);
    if (rules.starts === 0) return;
    const startOf = (entry: Entry): number => entry.run?.started ?? Number.NEGATIVE_INFINITY;
    const recent = [...entries.values()].filter((entry) => startOf(entry) > now - rules.starts);
    recent.sort((a, b) => startOf(a) - startOf(b));
    for (const entry of recent) this.take(entry, startOf(entry), ['starts']);
  }

  private take(entry: Entry, at: number, counts: readonly Rule['counts'][]): void {
    for (const { rule, bucket, amount } of this.claimsOf(entry, at)) {
      if (counts.includes(rule.counts)) bucket.take(at, amount);
    }
  }
}

/** Whether it ran, and is to run again. */
export function hasStarted({ run }: Entry): boolean {
  return run?.started !== undefined;
}

/** Whether a job asks for more than a worker. */
export function isSpecial({ extra }: Entry): boolean {
  return extra !== undefined && (extra.group !== undefined || extra.needs !== undefined);
}

function hasSpecial(ready: SortedSet<Entry>): boolean {
  for (const entry of ready.keys()) if (isSpecial(entry)) return true;
  return false;
}

function isOpen(opening: Opening, now: number): boolean {
  return typeof opening === 'number' && opening <= now;
}

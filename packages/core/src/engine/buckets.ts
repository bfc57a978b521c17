/**
 * What lets jobs through, as far as there is room: places for so many at once, starts per time, shares of a pool.
 *
 * @module
 */
import type { RateSpec } from '../limit';
import type { SortedSet } from './btree';
import { compareLanes, type Lane, laneSet } from './lanes';

const ROUNDING = 1e-6;

/** When a bucket lets a job through; epoch milliseconds. */
export type Opening = number | 'when one ends' | 'never';

/** Counts the jobs of one limit, or of one group in it. */
export abstract class Bucket {
  /** Lanes that it holds back, by their type: a worker may take one type and not the other. */
  private readonly aside = new Map<string, SortedSet<Lane>>();
  /** Lanes whose jobs ask for more than there will ever be: nobody waits behind them. */
  private readonly hopeless = laneSet();

  /** When a job that takes `amount` may start: at once if that is `now` or earlier. */
  abstract opensAt(now: number, amount: number): Opening;

  /** A job starts at this time (epoch milliseconds). */
  abstract take(at: number, amount: number): void;

  /** A job ends. */
  abstract give(amount: number): void;

  /** The start that was counted last did not take place after all. */
  undo(amount: number): void {
    this.give(amount);
  }

  /** Whether it can be thrown away: a new one would be the same. */
  isSpare(now: number): boolean {
    return this.isFresh(now) && this.aside.size === 0 && this.hopeless.size === 0;
  }

  /** Whether a lane of the same type is held back that comes first: small jobs must not pass a large one for ever. */
  isBehind(lane: Lane): boolean {
    const first = this.aside.get(lane.example.type)?.minKey();
    return first !== undefined && first !== lane && compareLanes(first, lane) < 0;
  }

  /** Puts a lane aside. */
  hold(lane: Lane, isHopeless: boolean): void {
    lane.type.place(lane, isHopeless ? this.hopeless : this.asideOf(lane.example.type));
  }

  /** Lets the next lane of each type try again. */
  wake(): void {
    for (const type of [...this.aside.keys()]) this.wakeOne(type);
  }

  /** Lets the next lane of a type try again. */
  wakeOne(type: string): void {
    const held = this.aside.get(type);
    const lane = held?.minKey();
    if (lane) lane.type.place(lane, lane.type.open);
    if (held?.size === 0) this.aside.delete(type);
  }

  /** Whether it is as if nothing had ever gone through. */
  protected abstract isFresh(now: number): boolean;

  private asideOf(type: string): SortedSet<Lane> {
    let held = this.aside.get(type);
    if (!held) {
      held = laneSet();
      this.aside.set(type, held);
    }
    return held;
  }
}

/** So much at once: of jobs, or of what they need. */
export class Room extends Bucket {
  private used = 0;

  constructor(readonly capacity: number) {
    super();
  }

  opensAt(now: number, amount: number): Opening {
    if (amount > this.capacity) return 'never';
    // Tenths do not add up to the last digit.
    return this.used + amount <= this.capacity + ROUNDING ? now : 'when one ends';
  }

  take(_at: number, amount: number): void {
    this.used += amount;
  }

  give(amount: number): void {
    this.used -= amount;
    if (this.used < ROUNDING) this.used = 0;
  }

  get inUse(): number {
    return this.used;
  }

  protected isFresh(): boolean {
    return this.used === 0;
  }
}

/** A token bucket: it holds `burst` starts, and `count` more come in each `per`. */
export class TokenBucket extends Bucket {
  /** The time (epoch milliseconds) at which the bucket is full again. */
  private fullAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds in which one start comes back. */
  private readonly interval: number;
  private readonly burst: number;

  constructor({ count, per, burst = count }: RateSpec) {
    super();
    this.interval = per / count;
    this.burst = burst;
  }

  opensAt(now: number): number {
    // A clock that was set back must not make anybody wait for longer than it takes to fill the bucket.
    this.fullAt = Math.min(this.fullAt, now + this.burst * this.interval);
    return Math.ceil(this.fullAt - (this.burst - 1) * this.interval - ROUNDING);
  }

  take(at: number): void {
    this.fullAt = Math.max(this.fullAt, at) + this.interval;
  }

  give(): void {
    // A start that was spent does not come back when the job ends.
  }

  override undo(): void {
    this.fullAt -= this.interval;
  }

  /** How far back (ms) starts count. */
  get memory(): number {
    return this.burst * this.interval;
  }

  protected isFresh(now: number): boolean {
    return this.fullAt <= now;
  }
}

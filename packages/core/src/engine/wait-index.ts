/**
 * The pending jobs that time does something to, by when it does.
 *
 * @module
 */
import { BTree } from './btree';
import type { Entry } from './entry';

/** See the module. Most queues have no such jobs. */
export class WaitIndex {
  private readonly expiring = new BTree<Entry>(undefined, (a, b) => expiryOf(a) - expiryOf(b) || a.seq - b.seq);
  /** Ready ones. */
  private readonly ageing = new BTree<Entry>(undefined, (a, b) => nextStepOf(a) - nextStepOf(b) || a.seq - b.seq);

  /** The job waits; again is harmless. */
  add(entry: Entry): void {
    if (entry.extra?.expiresAt !== undefined) this.expiring.set(entry, undefined);
    if (mayAge(entry)) this.ageing.set(entry, undefined);
  }

  /** It waits no more, or is about to change. */
  delete(entry: Entry): void {
    if (entry.extra?.expiresAt !== undefined) this.expiring.delete(entry);
    if (mayAge(entry)) this.ageing.delete(entry);
  }

  /** When something expires next, in epoch milliseconds. */
  get next(): number | undefined {
    const first = this.expiring.size === 0 ? undefined : this.expiring.minKey();
    return first && expiryOf(first);
  }

  /** When the priority of a job becomes better next, in epoch milliseconds. */
  get nextStep(): number | undefined {
    const first = this.ageing.size === 0 ? undefined : this.ageing.minKey();
    return first && nextStepOf(first);
  }

  /** When the priority of this job becomes better, in epoch milliseconds; undefined: it does not, by waiting. */
  stepOf(entry: Entry): number | undefined {
    return mayAge(entry) ? nextStepOf(entry) : undefined;
  }

  /** The jobs that have waited too long, `max` at most. */
  expired(now: number, max: number): Entry[] {
    return firstOf(this.expiring.keys(), max, (entry) => expiryOf(entry) <= now);
  }

  /** The jobs whose priority is to become better, `max` at most. */
  aged(now: number, max: number): Entry[] {
    return firstOf(this.ageing.keys(), max, (entry) => nextStepOf(entry) <= now);
  }
}

function firstOf(entries: Iterable<Entry>, max: number, isDue: (entry: Entry) => boolean): Entry[] {
  const first: Entry[] = [];
  for (const entry of entries) {
    if (first.length === max || !isDue(entry)) break;
    first.push(entry);
  }
  return first;
}

function expiryOf({ extra }: Entry): number {
  return extra?.expiresAt ?? 0;
}

/** Whether its priority becomes better while it waits. */
function mayAge({ extra, place, priority }: Entry): boolean {
  return extra?.ageing !== undefined && place === 'ready' && priority > 1;
}

/** When the priority of a job that may age becomes better, in epoch milliseconds. */
export function nextStepOf({ created, runAt, extra }: Entry): number {
  return Math.max(created, runAt, extra?.agedAt ?? 0) + (extra?.ageing ?? 0);
}

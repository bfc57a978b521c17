/** How many jobs stand where, by type. */
import type { Place } from './entry';

/** One number per place. */
export type PlaceCounts = Record<Place, number>;

/** Counters that the index keeps up to date. */
export class TypeCounts {
  readonly total: PlaceCounts = zero();
  readonly byType = new Map<string, PlaceCounts>();

  add(type: string, place: Place, delta: 1 | -1): void {
    let counts = this.byType.get(type);
    if (!counts) {
      counts = zero();
      this.byType.set(type, counts);
    }
    counts[place] += delta;
    this.total[place] += delta;
  }
}

function zero(): PlaceCounts {
  return { ready: 0, scheduled: 0, blocked: 0, held: 0, active: 0, completed: 0, failed: 0 };
}

/** Places in the order of pending jobs: dragging one never renumbers the list, except a few neighbours when a gap is used up. */
import type { MoveTarget } from '../store';
import { compareQueueOrder, type Entry } from './entry';
import type { JobTable } from './job-table';
import type { EditPatch } from './records';

/**
 * New orders (and priorities) for the moved jobs, and for neighbours that must make room. Jobs that stand right already get none.
 * Looks at every pending job once: moves are made by people.
 */
export function decideMove(
  table: JobTable,
  moved: Entry[],
  target: MoveTarget,
  anchor: Entry | undefined,
): Map<Entry, EditPatch> {
  const patches = new Map<Entry, EditPatch>();
  const inOrder = [...moved].sort(compareQueueOrder);
  if (anchor) {
    place(table, inOrder, anchor.priority, (others) => others.indexOf(anchor) + ('after' in target ? 1 : 0), patches);
    return patches;
  }
  for (const priority of new Set(inOrder.map((entry) => entry.priority))) {
    const same = inOrder.filter((entry) => entry.priority === priority);
    place(table, same, priority, (others) => ('to' in target && target.to === 'top' ? 0 : others.length), patches);
  }
  return patches;
}

function place(
  table: JobTable,
  moved: Entry[],
  priority: number,
  indexIn: (others: Entry[]) => number,
  patches: Map<Entry, EditPatch>,
): void {
  const set = new Set(moved);
  const all = pendingOf(table, priority, set);
  const others = all.filter((entry) => !set.has(entry));
  const index = indexIn(others);
  const wanted = [...others.slice(0, index), ...moved, ...others.slice(index)];
  // Jobs of another priority may stand in this order already, and still have to take over the priority.
  if (wanted.every((entry, i) => entry === all[i] && entry.priority === priority)) return;

  // Take in neighbours to the right until the gap is wide enough for all of them.
  const low = others[index - 1]?.order;
  const group = [...moved];
  let next = index;
  for (;;) {
    const orders = spread(low, others[next]?.order, group.length, table.seq + 1);
    if (orders) {
      group.forEach((entry, i) => {
        patches.set(entry, { ...(entry.priority !== priority && { priority }), order: orders[i] as number });
      });
      return;
    }
    group.push(others[next++] as Entry);
  }
}

function pendingOf(table: JobTable, priority: number, also: Set<Entry>): Entry[] {
  const found: Entry[] = [];
  for (const entry of table.entries.values()) {
    if (entry.status === 'pending' && (entry.priority === priority || also.has(entry))) found.push(entry);
  }
  return found.sort(compareQueueOrder);
}

/** `count` numbers strictly between two orders; undefined when floating point has no room for them. */
function spread(
  low: number | undefined,
  high: number | undefined,
  count: number,
  newest: number,
): number[] | undefined {
  if (low === undefined && high === undefined) return Array.from({ length: count }, (_, i) => i + 1);
  if (low === undefined) return Array.from({ length: count }, (_, i) => (high as number) - count + i);
  // Jobs added from now on sort by their creation number: the bottom stays above all of those.
  const top = high ?? Math.max(newest, low + count + 1);
  const step = (top - low) / (count + 1);
  if (step <= Number.EPSILON * 4 * Math.max(Math.abs(low), Math.abs(top), 1)) return undefined;
  return Array.from({ length: count }, (_, i) => low + step * (i + 1));
}

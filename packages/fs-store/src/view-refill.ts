/** Which pending jobs get a file next, when there is room for more. */
import type { Entry, JobTable } from '@leviathan/core/engine';

/**
 * Pending jobs in the order in which they will run: ready ones, then scheduled ones, held ones, and blocked ones. The index must not
 * change while this is read.
 */
export function* pendingInOrder(table: JobTable): Generator<Entry> {
  yield* readyInOrder(table);
  yield* table.scheduled.keys();
  yield* table.held;
  const blocked = new Set<Entry>();
  for (const waiting of table.dependencies.dependents.values()) for (const entry of waiting) blocked.add(entry);
  yield* blocked;
}

/** Merges the queues of all types. */
function* readyInOrder(table: JobTable): Generator<Entry> {
  const heads: { entry: Entry; rest: Iterator<Entry> }[] = [];
  for (const tree of table.ready.values()) {
    const rest = tree.keys();
    const first = rest.next();
    if (!first.done) heads.push({ entry: first.value, rest });
  }
  while (heads.length > 0) {
    let best = 0;
    for (let i = 1; i < heads.length; i++) if (runsBefore(heads[i], heads[best])) best = i;
    const head = heads[best] as { entry: Entry; rest: Iterator<Entry> };
    yield head.entry;
    const next = head.rest.next();
    if (next.done) heads.splice(best, 1);
    else head.entry = next.value;
  }
}

function runsBefore(a: { entry: Entry } | undefined, b: { entry: Entry } | undefined): boolean {
  if (!a || !b) return false;
  const x = a.entry;
  const y = b.entry;
  return (x.priority - y.priority || x.order - y.order || x.seq - y.seq) < 0;
}

/** Which jobs a claim gets. */
import type { SortedSet } from './btree';
import { compareQueueOrder, type Entry } from './entry';
import type { JobTable } from './job-table';

/**
 * The best ready jobs for a worker: by priority, order, creation, across its types. Changes nothing; costs O(log n) per job however
 * many are waiting.
 */
export function pickReady(table: JobTable, limit: number, types: Record<string, number> | undefined): Entry[] {
  if (table.pausedAll || limit <= 0) return [];
  const heads: Head[] = [];
  const consider = (type: string, tree: SortedSet<Entry> | undefined, room: number): void => {
    if (!tree || tree.size === 0 || room <= 0 || table.pausedTypes.has(type)) return;
    const keys = tree.keys();
    const first = keys.next();
    if (!first.done) heads.push({ entry: first.value, keys, room });
  };
  if (types) for (const type of Object.keys(types)) consider(type, table.ready.get(type), types[type] ?? 0);
  else for (const [type, tree] of table.ready) consider(type, tree, limit);

  const picked: Entry[] = [];
  while (picked.length < limit && heads.length > 0) {
    // Few types have work at once: a linear look beats a heap.
    let best = 0;
    for (let i = 1; i < heads.length; i++) {
      if (compareQueueOrder((heads[i] as Head).entry, (heads[best] as Head).entry) < 0) best = i;
    }
    const head = heads[best] as Head;
    picked.push(head.entry);
    head.room--;
    const next = head.room > 0 ? head.keys.next() : undefined;
    if (!next || next.done) heads.splice(best, 1);
    else head.entry = next.value;
  }
  return picked;
}

interface Head {
  entry: Entry;
  keys: Iterator<Entry>;
  room: number;
}

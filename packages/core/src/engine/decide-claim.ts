/** Which jobs a claim gets. */
import type { Admission } from './admission';
import type { SortedSet } from './btree';
import { compareQueueOrder, type Entry } from './entry';
import type { JobTable } from './job-table';
import type { Lane, TypeLanes } from './lanes';

/**
 * The best ready jobs for a worker: by priority, order, creation, across its types; where rules or groups count, those that may start, in
 * fair turns. Changes nothing; costs O(log n) per job however many are waiting.
 */
export function pickReady(
  table: JobTable,
  limit: number,
  types: Record<string, number> | undefined,
  now: number,
): Entry[] {
  if (table.pausedAll || limit <= 0) return [];
  table.admission.refresh(table, now);
  const heads: Head[] = [];
  const consider = (type: string, tree: SortedSet<Entry> | undefined, room: number): void => {
    if (!tree || tree.size === 0 || room <= 0 || table.pausedTypes.has(type)) return;
    const lanes = table.admission.lanesOf(type, tree);
    const head = lanes ? new LaneHead(table.admission, lanes, room, now) : new TreeHead(tree.keys(), room);
    if (head.entry) heads.push(head);
  };
  if (types) for (const type of Object.keys(types)) consider(type, table.ready.get(type), types[type] ?? 0);
  else for (const [type, tree] of table.ready) consider(type, tree, limit);

  const picked: Entry[] = [];
  const served: Head[] = [];
  while (picked.length < limit && heads.length > 0) {
    // Few types have work at once: a linear look beats a heap.
    let best = 0;
    for (let i = 1; i < heads.length; i++) {
      if (compareQueueOrder(heads[i]?.entry as Entry, heads[best]?.entry as Entry) < 0) best = i;
    }
    const head = heads[best] as Head;
    const entry = head.take();
    if (entry) picked.push(entry);
    if (head.entry) continue;
    heads.splice(best, 1);
    served.push(head);
  }
  for (const head of [...heads, ...served].reverse()) head.undo?.();
  return picked;
}

/** What one type has to offer. */
interface Head {
  /** Its best job; `undefined`: it has no more. */
  entry: Entry | undefined;
  /** Takes that job; `undefined`: it may not start any more, because of what was taken of another type. */
  take(): Entry | undefined;
  /** All is as before. */
  undo?(): void;
}

class TreeHead implements Head {
  entry: Entry | undefined;

  constructor(
    private readonly keys: Iterator<Entry>,
    private room: number,
  ) {
    this.entry = this.next();
  }

  take(): Entry | undefined {
    const { entry } = this;
    this.entry = --this.room > 0 ? this.next() : undefined;
    return entry;
  }

  private next(): Entry | undefined {
    const next = this.keys.next();
    return next.done ? undefined : next.value;
  }
}

class LaneHead implements Head {
  entry: Entry | undefined;
  private lane: Lane | undefined;
  private readonly undos: (() => void)[] = [];

  constructor(
    private readonly admission: Admission,
    private readonly lanes: TypeLanes,
    private room: number,
    private readonly now: number,
  ) {
    this.look();
  }

  take(): Entry | undefined {
    const { lane, entry } = this;
    // Another type may have had the last place in between.
    this.look();
    if (!lane || this.lane !== lane) return undefined;
    this.undos.push(this.admission.tryStart(lane, this.now));
    this.room--;
    if (this.room > 0) this.look();
    else this.entry = undefined;
    return entry;
  }

  undo(): void {
    for (const undo of this.undos.reverse()) undo();
  }

  private look(): void {
    this.lane = this.admission.next(this.lanes, this.now);
    this.entry = this.lane?.head;
  }
}

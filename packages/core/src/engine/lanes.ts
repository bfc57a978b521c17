/**
 * The ready jobs of one type, sorted into lanes: all jobs of a lane have the same group, needs and tags that matter, so that what keeps
 * one of them from starting keeps all. A lane that may not start is put aside until what holds it back changes, and costs claims nothing
 * meanwhile, however many jobs stand in it.
 *
 * @module
 */
import { BTree, type SortedSet } from './btree';
import { compareQueueOrder, type Entry } from './entry';

const NODE_SIZE = 32;

/** What the jobs of one group had of the workers, of one type. Groups take turns. */
class Share {
  /** When it was served last: the smallest is next. */
  turn = 0;
  readonly lanes = new Set<Lane>();
}

/** See the module. */
export class Lane {
  readonly jobs: SortedSet<Entry> = new BTree<Entry>(undefined, compareQueueOrder, NODE_SIZE);
  /** Where it stands: among those of its type that may start, or aside. */
  home: SortedSet<Lane>;

  constructor(
    readonly key: string,
    /** Any job of it. */
    readonly example: Entry,
    readonly share: Share,
    readonly type: TypeLanes,
  ) {
    this.home = type.open;
  }

  /** The job that it would start next. */
  get head(): Entry {
    return this.jobs.minKey() as Entry;
  }
}

/** The best priority first, then the group that has waited the longest for its turn, then the order of the queue. */
export function compareLanes(a: Lane, b: Lane): number {
  return a.head.priority - b.head.priority || a.share.turn - b.share.turn || compareQueueOrder(a.head, b.head);
}

/** A set of lanes in the order in which they are served. */
export function laneSet(): SortedSet<Lane> {
  return new BTree<Lane>(undefined, compareLanes, NODE_SIZE);
}

/** The lanes of one type. */
export class TypeLanes {
  /** Those with jobs that nothing holds back, as far as is known. */
  readonly open = laneSet();
  /** Called after a lane lost its last job. */
  onEmptied: ((lane: Lane) => void) | undefined;
  private readonly lanes = new Map<string, Lane>();
  private readonly shares = new Map<string | undefined, Share>();
  private turns = 0;

  /** @param keyOf What tells the lanes apart. */
  constructor(private readonly keyOf: (entry: Entry) => string) {}

  add(entry: Entry): void {
    const lane = this.laneOf(entry);
    this.shift(lane, () => lane.jobs.set(entry, undefined));
  }

  delete(entry: Entry): void {
    const lane = this.lanes.get(this.keyOf(entry));
    if (!lane?.jobs.has(entry)) return;
    this.shift(lane, () => lane.jobs.delete(entry));
    if (lane.jobs.size > 0) return;
    this.lanes.delete(lane.key);
    lane.share.lanes.delete(lane);
    if (lane.share.lanes.size === 0) this.shares.delete(entry.extra?.group);
    this.onEmptied?.(lane);
  }

  /** The group of the lane was served: it is the last one now. */
  served(lane: Lane): void {
    const { share } = lane;
    const moved = [...share.lanes].filter(({ jobs }) => jobs.size > 0);
    for (const one of moved) one.home.delete(one);
    share.turn = ++this.turns;
    for (const one of moved) one.home.set(one, undefined);
  }

  /** Puts the lane aside, or back among the open ones. */
  place(lane: Lane, home: SortedSet<Lane>): void {
    if (lane.jobs.size > 0) lane.home.delete(lane);
    lane.home = home;
    if (lane.jobs.size > 0) home.set(lane, undefined);
  }

  /** All lanes. */
  all(): IterableIterator<Lane> {
    return this.lanes.values();
  }

  private laneOf(entry: Entry): Lane {
    const key = this.keyOf(entry);
    let lane = this.lanes.get(key);
    if (!lane) {
      const group = entry.extra?.group;
      let share = this.shares.get(group);
      if (!share) {
        share = new Share();
        // Whoever comes new has its turn with the one who waits the longest, whose job is older.
        share.turn = this.open.minKey()?.share.turn ?? 0;
        this.shares.set(group, share);
      }
      lane = new Lane(key, entry, share, this);
      this.lanes.set(key, lane);
      share.lanes.add(lane);
    }
    return lane;
  }

  /** Changes the jobs of a lane, which may change its place. */
  private shift(lane: Lane, change: () => void): void {
    if (lane.jobs.size > 0) lane.home.delete(lane);
    change();
    if (lane.jobs.size > 0) lane.home.set(lane, undefined);
  }
}

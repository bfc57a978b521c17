/**
 * The one place that knows sorted-btree: its types and its default export look different to each module system, and nothing of that
 * may show in the types that this package publishes.
 *
 * @module
 */
import sortedBTree from 'sorted-btree';

/** What the engine uses of a B+ tree: a set in order, with O(log n) insertion, deletion and search. */
export interface SortedSet<K> {
  readonly size: number;
  /** Adds a key. */
  set(key: K, value: undefined): boolean;
  /** Takes a key away; false when it was not there. */
  delete(key: K): boolean;
  /** Whether the key is there. */
  has(key: K): boolean;
  /** The smallest key. */
  minKey(): K | undefined;
  /** All keys, or those from a key on, ascending. The tree must not change meanwhile. */
  keys(from?: K): IterableIterator<K>;
  /** All keys, ascending, as a list. */
  keysArray(): K[];
}

type SortedSetClass = new <K>(
  entries: undefined,
  compare: (a: K, b: K) => number,
  maxNodeSize?: number,
) => SortedSet<K>;

const loaded: unknown = sortedBTree;

/** Makes sorted sets. */
export const BTree = (
  typeof loaded === 'function' ? loaded : (loaded as { default: unknown }).default
) as SortedSetClass;

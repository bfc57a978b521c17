/**
 * sorted-btree is a CommonJS module: depending on who loads it, its class is the default export, or the default export's default.
 *
 * @module
 */
import SortedBTree from 'sorted-btree';

const candidate: unknown = SortedBTree;

/** A sorted set of `K`: O(log n) insert, delete and neighbours, iteration in order. */
export const BTree: typeof SortedBTree =
  typeof candidate === 'function' ? SortedBTree : (candidate as { default: typeof SortedBTree }).default;

/** Instance type of {@link BTree}. */
export type BTree<K> = SortedBTree<K, undefined>;

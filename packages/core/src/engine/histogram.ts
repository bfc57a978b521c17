/**
 * Histograms of times: fixed buckets, four to each doubling, so that two of them are merged by adding their counts.
 *
 * A bucket holds the whole milliseconds above its lower bound up to and including its upper one: 0, 1, 2, 3, 4, 5, 6, 7, 8, then (8, 10],
 * (10, 12], (12, 14], (14, 16], (16, 20] … up to 2^31, which is 24.8 days; what is longer counts as that. The upper bound is at most 5/4 of the lower
 * one. A quantile is told as the harmonic mean of the two, which is at most 1/9 away from any time in the bucket. The same idea, with more
 * buckets, is HdrHistogram's.
 *
 * @module
 */

/** How many buckets there are. */
export const BUCKETS = 121;

const LONGEST = 2 ** 31 - 1;

/** The bucket of a time in milliseconds. Integers alone: the same on every machine. */
export function bucketOf(ms: number): number {
  if (!(ms > 0)) return 0;
  const below = (ms >= LONGEST ? LONGEST : Math.ceil(ms)) - 1;
  if (below < 4) return below + 1;
  const doubling = 31 - Math.clz32(below);
  return doubling * 4 - 3 + ((below >>> (doubling - 2)) & 3);
}

/** The largest time in a bucket, in milliseconds. */
export function upperBound(bucket: number): number {
  if (bucket < 5) return bucket;
  const quarter = (bucket - 1) % 4;
  return (5 + quarter) * 2 ** (Math.floor((bucket - 1) / 4) - 1);
}

/**
 * The time in milliseconds below which `share` (0 to 1) of the counts lie, by nearest rank.
 * @param counts One per bucket, from `offset` on; not all zero.
 */
export function quantile(counts: Float64Array, offset: number, total: number, share: number): number {
  let left = Math.max(1, Math.ceil(total * share));
  let bucket = 0;
  for (; bucket < BUCKETS - 1; bucket++) {
    left -= counts[offset + bucket] as number;
    if (left <= 0) break;
  }
  const upper = upperBound(bucket);
  if (bucket < 9) return upper;
  const lower = upperBound(bucket - 1);
  return Math.round((2 * lower * upper) / (lower + upper));
}

/**
 * A tally: everything that is counted of one type in one span of time, as one list of numbers. Two are merged by adding them.
 *
 * As text it is JSON: `[added,started,completed,failed,retried,[sum,bucket,count,bucket,count …],[sum …]]`, the lists being the waits and the
 * runs with the buckets that are not empty (see `histogram.ts`). It is kept as text, too: a minute of a type that is busy takes some hundred
 * bytes, a hundredth of the list.
 *
 * @module
 */
import type { Histogram, HistoryCounts, HistoryStats, TimeStats } from '../history';
import { BUCKETS, bucketOf, quantile, upperBound } from './histogram';

/** Places of the counters. */
export const [ADDED, STARTED, COMPLETED, FAILED, RETRIED] = [0, 1, 2, 3, 4] as const;
const COUNTERS = 5;

/** Where a histogram begins: with its sum, the buckets behind it. */
export const WAIT = COUNTERS;
/** See {@link WAIT}. */
export const RUN = WAIT + 1 + BUCKETS;
const SIZE = RUN + 1 + BUCKETS;

/** See the module. */
export type Tally = Float64Array;

type Packed = [...counters: number[], wait: number[], run: number[]];

/** All zero. */
export function newTally(): Tally {
  return new Float64Array(SIZE);
}

/** One more time of so many milliseconds; a clock that was set back makes none below zero. */
export function addTime(tally: Tally, histogram: typeof WAIT | typeof RUN, ms: number): void {
  const time = Math.max(ms, 0);
  (tally[histogram] as number) += time;
  (tally[histogram + 1 + bucketOf(time)] as number)++;
}

/** Adds a tally to another. */
export function merge(into: Tally, tally: Tally): void {
  for (let i = 0; i < SIZE; i++) (into[i] as number) += tally[i] as number;
}

/** Adds a tally that is a text. */
export function mergeText(into: Tally, text: string): void {
  const packed = JSON.parse(text) as Packed;
  for (let i = 0; i < COUNTERS; i++) (into[i] as number) += packed[i] as number;
  unpack(into, WAIT, packed[COUNTERS] as number[]);
  unpack(into, RUN, packed[COUNTERS + 1] as number[]);
}

/** The text of a tally. */
export function textOf(tally: Tally): string {
  // Not put together piece by piece, which would keep all the pieces in memory.
  return JSON.stringify([...tally.subarray(0, COUNTERS), pack(tally, WAIT), pack(tally, RUN)]);
}

/** A tally as charts show it. */
export function statsOf(tally: Tally): HistoryStats {
  return { ...countsOf(tally), wait: timesOf(tally, WAIT), run: timesOf(tally, RUN) };
}

/** Its counters. */
export function countsOf(tally: Tally): HistoryCounts {
  const [added = 0, started = 0, completed = 0, failed = 0, retried = 0] = tally;
  return { added, started, completed, failed, retried };
}

/** One of its histograms. */
export function histogramOf(tally: Tally, histogram: typeof WAIT | typeof RUN): Histogram {
  const buckets: [number, number][] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = tally[histogram + 1 + bucket] as number;
    if (count > 0) buckets.push([upperBound(bucket), count]);
  }
  return { count: countOf(tally, histogram), sum: tally[histogram] as number, buckets };
}

function timesOf(tally: Tally, histogram: typeof WAIT | typeof RUN): TimeStats {
  const [count, sum] = [countOf(tally, histogram), tally[histogram] as number];
  if (count === 0) return { count, sum };
  const at = (share: number): number => quantile(tally, histogram + 1, count, share);
  return { count, sum, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function countOf(tally: Tally, histogram: number): number {
  let count = 0;
  for (let i = histogram + 1; i <= histogram + BUCKETS; i++) count += tally[i] as number;
  return count;
}

function pack(tally: Tally, histogram: number): number[] {
  const packed = [tally[histogram] as number];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = tally[histogram + 1 + bucket] as number;
    if (count > 0) packed.push(bucket, count);
  }
  return packed;
}

function unpack(into: Tally, histogram: number, [sum = 0, ...pairs]: number[]): void {
  (into[histogram] as number) += sum;
  for (let i = 0; i < pairs.length; i += 2) {
    (into[histogram + 1 + (pairs[i] as number)] as number) += pairs[i + 1] as number;
  }
}

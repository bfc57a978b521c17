import { describe, expect, it } from 'vitest';
import { BUCKETS, bucketOf, quantile, upperBound } from './histogram';

const LONGEST = 2 ** 31;

function histogramOf(times: number[]): Float64Array {
  const counts = new Float64Array(BUCKETS);
  for (const time of times) (counts[bucketOf(time)] as number)++;
  return counts;
}

describe('the buckets', () => {
  it('follow each other without a gap, each holding its upper bound and not the one of the bucket before', () => {
    for (let bucket = 1; bucket < BUCKETS - 1; bucket++) {
      const upper = upperBound(bucket);
      expect(upper).toBeGreaterThan(upperBound(bucket - 1));
      expect([bucketOf(upper), bucketOf(upper + 1)]).toEqual([bucket, bucket + 1]);
      if (bucket > 8) expect(upper / upperBound(bucket - 1)).toBeLessThanOrEqual(5 / 4);
    }
  });

  it('hold every time there is: none below zero, fractions of a millisecond, more than the longest', () => {
    expect([-5, 0, Number.NaN].map(bucketOf)).toEqual([0, 0, 0]);
    expect([0.2, 1, 1.5, 2].map(bucketOf)).toEqual([1, 1, 2, 2]);
    expect(bucketOf(LONGEST)).toBe(BUCKETS - 1);
    expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(BUCKETS - 1);
    expect(upperBound(BUCKETS - 1)).toBe(LONGEST);
  });

  it('have every power of two as a bound', () => {
    for (let power = 1; power < LONGEST; power *= 2) expect(upperBound(bucketOf(power))).toBe(power);
  });
});

describe('a quantile', () => {
  it('of one time is at most a ninth off, whatever it is, and exact up to 8 ms', () => {
    for (let time = 1; time < LONGEST; time = Math.ceil(time * 1.037)) {
      const told = quantile(histogramOf([time]), 0, 1, 0.5);
      if (time <= 8) expect(told).toBe(time);
      else expect(Math.abs(told - time) / time).toBeLessThanOrEqual(1 / 9 + 0.5 / time);
    }
  });

  it('is by nearest rank', () => {
    const counts = histogramOf([1, 2, 3, 4]);
    expect([0, 0.25, 0.26, 0.5, 0.75, 0.76, 1].map((share) => quantile(counts, 0, 4, share))).toEqual([
      1, 1, 2, 2, 3, 4, 4,
    ]);
  });
});

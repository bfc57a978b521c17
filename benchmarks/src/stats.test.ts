import { expect, test } from 'vitest';
import { percentile, summarise } from './stats';

test('an odd number of values has its middle one as median', () => {
  expect(summarise([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30 });
});

test('an even number of values has the mean of the two in the middle as median', () => {
  expect(summarise([4, 1, 3, 100])).toEqual({ median: 3.5, min: 1, max: 100 });
});

test('values are compared as numbers, not as text', () => {
  expect(summarise([9, 10, 100]).median).toBe(10);
});

test('the values given are left in their order', () => {
  const values = [3, 1, 2];
  summarise(values);
  expect(values).toEqual([3, 1, 2]);
});

test('no value, or one that is no number, is an error and not a result', () => {
  expect(() => summarise([])).toThrow('no values');
  expect(() => summarise([1, Number.NaN])).toThrow('not a number');
  expect(() => percentile([], 0.5)).toThrow('no values');
});

test('a percentile is the smallest value that this share of the values does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 1)).toBe(100);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([1, 2], 0)).toBe(1);
});

import { expect, test } from 'vitest';
import { lagsOf } from './view-lag';

test('a lag is the time from the acknowledgement to the sight', () => {
  expect(lagsOf({ a: 100, b: 200 }, { a: 130, b: 201 }, 1_000)).toEqual([30, 1]);
});

test('what was seen before it was acknowledged was not late', () => {
  expect(lagsOf({ a: 100 }, { a: 90 }, 1_000)).toEqual([0]);
});

test('what was never seen was late until the end', () => {
  expect(lagsOf({ a: 100, b: 200 }, { b: 210 }, 1_000)).toEqual([900, 10]);
});

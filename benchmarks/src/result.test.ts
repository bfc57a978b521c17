import { expect, test } from 'vitest';
import { row } from '../test/results';
import type { Series } from './metrics/metric';
import { ratiosOf, rowOf } from './result';

const add: Series = { metric: 'add', unit: 'jobs/s', better: 'higher' };
const latency: Series = { metric: 'latency-p50', unit: 'ms', better: 'lower' };

test('a row has the median, the least and the most of its rounds, to four digits', () => {
  expect(rowOf('bullmq', 'power', add, [10_000.4, 30_001, 20_123.4])).toEqual({
    engine: 'bullmq',
    durability: 'power',
    metric: 'add',
    unit: 'jobs/s',
    median: 20_120,
    min: 10_000,
    max: 30_000,
  });
});

test('an engine that failed has a row all the same, without values', () => {
  expect(rowOf('bullmq', 'power', add, [])).toMatchObject({ engine: 'bullmq', median: null, min: null, max: null });
});

test('ours is divided by the best peer: the highest rate', () => {
  const rows = [row('leviathan', 'add', 300), row('bullmq', 'add', 50), row('plainjob', 'add', 100)];
  expect(ratiosOf(rows, [add])).toEqual([
    { metric: 'add', durability: 'process', ours: 300, best: 100, peer: 'plainjob', ratio: 3 },
  ]);
});

test('where lower is better the best peer is the lowest', () => {
  const rows = [row('leviathan', 'latency-p50', 1), row('bullmq', 'latency-p50', 4), row('pg-boss', 'latency-p50', 8)];
  expect(ratiosOf(rows, [latency])).toMatchObject([{ best: 4, peer: 'bullmq', ratio: 0.25 }]);
});

test('the floor is no peer, and neither is an engine that failed or was measured in the other class', () => {
  const rows = [
    row('leviathan', 'add', 300),
    row('bare-files', 'add', 1_000),
    row('plainjob', 'add', null),
    row('pg-boss', 'add', 900, { durability: 'power' }),
    row('bullmq', 'add', 10),
  ];
  expect(ratiosOf(rows, [add])).toMatchObject([{ peer: 'bullmq', ratio: 30 }]);
});

test('without a peer, or without ours, there is no ratio', () => {
  expect(ratiosOf([row('leviathan', 'add', 300), row('bare-files', 'add', 1)], [add])).toEqual([]);
  expect(ratiosOf([row('leviathan', 'add', null), row('bullmq', 'add', 1)], [add])).toEqual([]);
});

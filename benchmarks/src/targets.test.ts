import { expect, test } from 'vitest';
import { machine, results, row } from '../test/results';
import { ratiosOf } from './result';
import { targetOf } from './targets';

const series = [
  { metric: 'add', unit: 'jobs/s', better: 'higher' },
  { metric: 'bulk-add', unit: 'jobs/s', better: 'higher' },
  { metric: 'latency-p50', unit: 'ms', better: 'lower' },
] as const;

function compared(rows: ReturnType<typeof row>[]) {
  return results(rows, { ratios: ratiosOf(rows, [...series]) });
}

test('add is to be four times the best peer, not three times', () => {
  const with_ = (ours: number) =>
    compared([row('leviathan', 'add', ours), row('bullmq', 'add', 100), row('plainjob', 'add', 50)]);
  expect(targetOf(with_(400), 'add', 'process')?.met).toBe(true);
  expect(targetOf(with_(399), 'add', 'process')?.met).toBe(false);
});

test('bulk-add has a target in the class "process" alone', () => {
  const rows = [row('leviathan', 'bulk-add', 130), row('plainjob', 'bulk-add', 100)];
  expect(targetOf(compared(rows), 'bulk-add', 'process')?.met).toBe(true);
  expect(targetOf(compared(rows), 'bulk-add', 'power')).toBeUndefined();
});

test('the median latency is to be as low as the best peer and below a tenth of a millisecond', () => {
  const with_ = (ours: number, best: number) =>
    compared([row('leviathan', 'latency-p50', ours), row('bullmq', 'latency-p50', best)]);
  expect(targetOf(with_(0.09, 0.2), 'latency-p50', 'process')?.met).toBe(true);
  expect(targetOf(with_(0.11, 0.2), 'latency-p50', 'process')?.met).toBe(false);
  expect(targetOf(with_(0.09, 0.08), 'latency-p50', 'process')?.met).toBe(false);
});

test('three workers are compared with BullMQ, whichever peer is the best', () => {
  const rows = (['leviathan', 'bullmq', 'plainjob'] as const).map((engine, i) =>
    row(engine, 'workers-3', [400, 100, 300][i] ?? 0, { durability: 'power' }),
  );
  expect(targetOf(results(rows), 'workers-3', 'power')?.met).toBe(true);
});

test('a limit counts by itself', () => {
  expect(targetOf(results([row('leviathan', 'loop-delay-p99', 15)]), 'loop-delay-p99', 'process')?.met).toBe(true);
  expect(targetOf(results([row('leviathan', 'loop-delay-p99', 15.1)]), 'loop-delay-p99', 'process')?.met).toBe(false);
  expect(targetOf(results([row('leviathan', 'claim-1m-vs-1k', 0.89)]), 'claim-1m-vs-1k', 'process')?.met).toBe(false);
});

test('beside itself as it was, Leviathan is to be no more than 5 % worse', () => {
  const with_ = (metric: string, now: number, before: number, unit: 'jobs/s' | 'ms') => {
    const rows = [row('leviathan', metric, now, { unit }), row('baseline', metric, before, { unit })];
    const all = { ...compared(rows), machine: { ...machine, baseline: 'c0ffee' } };
    return targetOf(all, metric, 'process')?.met;
  };
  expect(with_('add', 95, 100, 'jobs/s')).toBe(true);
  expect(with_('add', 94, 100, 'jobs/s')).toBe(false);
  expect(with_('latency-p50', 1.05, 1, 'ms')).toBe(true);
  expect(with_('latency-p50', 1.06, 1, 'ms')).toBe(false);
});

test('what was not measured is neither met nor missed', () => {
  expect(targetOf(compared([row('leviathan', 'add', 1)]), 'add', 'process')?.met).toBeUndefined();
  expect(targetOf(results([]), 'loop-delay-p99', 'power')?.met).toBeUndefined();
});

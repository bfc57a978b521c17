import { expect, test } from 'vitest';
import { machine, results, row } from '../test/results';
import { reportOf, table } from './report';
import { ratiosOf } from './result';

const add = { metric: 'add', unit: 'jobs/s', better: 'higher' } as const;

/** The cells of the line that begins with these. */
function cells(text: string, ...first: string[]): string[] | undefined {
  const lines = text.split('\n').map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
  return lines.find((line) => first.every((cell, i) => line[i] === cell));
}

test('columns are aligned', () => {
  expect(
    table(
      ['a', 'long head'],
      [
        ['x', 'y'],
        ['longer', 'z'],
      ],
    ).split('\n'),
  ).toEqual(['| a      | long head |', '| ------ | --------- |', '| x      | y         |', '| longer | z         |']);
});

test('ours stands beside the best peer, the target and the verdict', () => {
  const rows = [row('leviathan', 'add', 30_000, { min: 29_000, max: 31_000 }), row('bullmq', 'add', 10_000)];
  const text = reportOf(results(rows, { ratios: ratiosOf(rows, [add]) }));
  const wanted = [
    'add',
    'process',
    '30,000 jobs/s',
    '29,000 – 31,000',
    '10,000 bullmq',
    '3.00×',
    '≥ 4× best peer',
    'FAIL',
  ];
  expect(cells(text, 'add', 'process')).toEqual(wanted);
});

test('what it was compared with is named', () => {
  const text = reportOf(
    results([row('leviathan', 'add', 1)], { machine: { ...machine, baseline: 'c0ffee'.repeat(6) } }),
  );
  expect(text).toContain('"baseline" is commit c0ffeec0ffee');
});

test('a target that is met passes; without a target there is no verdict', () => {
  const alone = results([
    row('leviathan', 'loop-delay-p99', 3, { unit: 'ms' }),
    row('leviathan', 'catch-up', 3, { unit: 's' }),
  ]);
  expect(cells(reportOf(alone), 'loop-delay-p99')?.slice(-2)).toEqual(['≤ 15 ms', 'pass']);
  expect(cells(reportOf(alone), 'catch-up')?.slice(-2)).toEqual(['', '']);
});

test('every engine is shown in both classes', () => {
  const text = reportOf(
    results([
      row('leviathan', 'add', 30_000),
      row('leviathan', 'add', 20_000, { durability: 'power' }),
      row('bullmq', 'add', 10_000, { min: 9_000, max: 11_000 }),
      row('bullmq', 'add', 0.5, { durability: 'power' }),
    ]),
  );
  expect(cells(text, 'add (jobs/s)')).toEqual(['add (jobs/s)', 'process', 'power']);
  expect(cells(text, 'bullmq')).toEqual(['bullmq', '10,000 (9,000 – 11,000)', '0.5 (0.5 – 0.5)']);
});

test('what failed is in the tables, and why is below them', () => {
  const failures = { 'add (process): bullmq': 'Error: no connection\n    at …' };
  const rows = [row('leviathan', 'add', null), row('bullmq', 'add', null)];
  const text = reportOf(results(rows, { machine: { ...machine, failures } }));
  expect(cells(text, 'add', 'process', 'failed')).toBeDefined();
  expect(cells(text, 'bullmq', 'failed')).toBeDefined();
  expect(text).toContain('- FAILED add (process): bullmq: Error: no connection');
});

test('the machine is named', () => {
  const text = reportOf(results([]));
  for (const part of [
    'Abacus',
    '2 cores',
    'ext4',
    'Node 22.1.0',
    'bullmq 6.7.0',
    'load average 0.1 0.2 0.3',
    '2026-01-02',
  ]) {
    expect(text).toContain(part);
  }
});

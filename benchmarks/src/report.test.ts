import { expect, test } from 'vitest';
import { machine, results, row } from '../test/results';
import { reportOf, table } from './report';
import { ratiosOf } from './result';

const add = { metric: 'add', unit: 'jobs/s', better: 'higher' } as const;

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

test('a line per row, with the comparison, the target and the verdict', () => {
  const rows = [row('leviathan', 'add', 30_000, { min: 29_000, max: 31_000 }), row('bullmq', 'add', 10_000)];
  const lines = reportOf(results(rows, { ratios: ratiosOf(rows, [add]) })).split('\n');
  const cells = (engine: string) =>
    lines
      .find((line) => line.includes(engine))
      ?.split('|')
      .map((cell) => cell.trim())
      .slice(1, -1);
  const ours = [
    'add',
    'process',
    'leviathan',
    '30,000 jobs/s',
    '29,000',
    '31,000',
    '3.00× bullmq',
    '≥ 4× best peer',
    'FAIL',
  ];
  expect(cells('| leviathan')).toEqual(ours);
  expect(cells('| bullmq')).toEqual(['add', 'process', 'bullmq', '10,000 jobs/s', '10,000', '10,000', '3.00×', '', '']);
});

test('what failed is in the table, and why is below it', () => {
  const failures = { 'add (process): bullmq': 'Error: no connection\n    at …' };
  const text = reportOf(results([row('bullmq', 'add', null)], { machine: { ...machine, failures } }));
  expect(text).toMatch(/\| add +\| process +\| bullmq +\| failed/);
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

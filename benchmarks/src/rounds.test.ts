import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { bareFiles } from './engines/bare-files';
import { leviathan } from './engines/leviathan';
import { FreshFolders } from './fresh-folder';
import { add } from './metrics/add';
import type { Metric, Series } from './metrics/metric';
import { measureAll, rotated, valuesOf } from './rounds';

const series = add.series[0] as Series;
const tries = (...medians: number[]) =>
  medians.map((median, inFlight) => ({
    variant: { inFlight },
    speed: 0,
    rounds: [{ add: 1 }, { add: median }, { add: 1e9 }],
  }));
const candidate = { engine: leviathan, durability: 'process' as const };

test('each round begins with another engine', () => {
  expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  expect(rotated([], 2)).toEqual([]);
});

test('an engine is shown with its variant of the best median', () => {
  expect(valuesOf({ ...candidate, metric: add, tries: tries(10, 30, 20) }, series)).toEqual({
    variant: { inFlight: 1 },
    values: [1, 30, 1e9],
  });
});

test('where lower is better, the best is the lowest', () => {
  const delay: Metric = { ...add, series: [{ ...series, better: 'lower' }] };
  expect(valuesOf({ ...candidate, metric: delay, tries: tries(10, 30, 20) }, series).variant).toEqual({ inFlight: 0 });
});

test('an engine that failed in one round shows none of its rounds', () => {
  const failed = { ...candidate, metric: add, tries: tries(10), failure: new Error('no') };
  expect(valuesOf(failed, series).values).toEqual([]);
});

test('an engine that fails is noted and not tried again; the others are measured to the end', async () => {
  const folders = await FreshFolders.below(tmpdir());
  const measured: string[] = [];
  const metric: Metric = {
    ...add,
    measure: async ({ engine: { name } }) => {
      measured.push(name);
      if (name === 'bare-files') throw new Error('no disk');
      return { add: measured.length };
    },
  };
  const steps: string[] = [];
  const setting = { folders, launch: { node: process.execPath, nodeArgs: [] }, programs: {} };
  const [ours, bare] = await measureAll(setting, metric, 'process', [leviathan, bareFiles], {
    rounds: 2,
    quick: true,
    onStep: (text) => steps.push(text),
  });
  await folders.removeAll();
  expect(measured).toEqual(['leviathan', 'bare-files', 'leviathan']);
  expect(ours && valuesOf(ours, series).values).toEqual([1, 3]);
  expect(bare?.failure).toEqual(new Error('no disk'));
  expect(bare && valuesOf(bare, series).values).toEqual([]);
  expect(steps.find((step) => step.startsWith('FAILED'))).toContain('no disk');
});

test.each([
  ['higher', [1, 2]],
  ['lower', [3]],
] as const)(
  'of several ways only the good ones are measured in the rounds, where %s is better',
  async (better, kept) => {
    const folders = await FreshFolders.below(tmpdir());
    const metric: Metric = {
      ...add,
      series: [{ ...series, better }],
      variants: () => [{ way: 1 }, { way: 2 }, { way: 3 }],
      measure: async ({ variant: { way } }) => ({ add: [0, 100, 90, 50][way ?? 0] as number }),
    };
    const setting = { folders, launch: { node: process.execPath, nodeArgs: [] }, programs: {} };
    const options = { rounds: 1, quick: false, onStep: () => {} };
    const [candidate] = await measureAll(setting, metric, 'process', [leviathan], options);
    await folders.removeAll();
    expect(candidate?.tries.filter(({ rounds }) => rounds.length === 1).map(({ variant }) => variant.way)).toEqual(
      kept,
    );
  },
);

test('an earlier commit does the same work as this one, in the same ways', async () => {
  const folders = await FreshFolders.below(tmpdir());
  const work: Record<string, string[]> = { leviathan: [], baseline: [] };
  const metric: Metric = {
    ...add,
    variants: () => [{ way: 1 }, { way: 2 }, { way: 3 }],
    measure: async ({ engine: { name }, variant: { way }, scale: { jobs } }) => {
      work[name]?.push(`${jobs} jobs in way ${way}`);
      return { add: [0, 25_000, 1, 30_000][way ?? 0] as number };
    },
  };
  const setting = { folders, launch: { node: process.execPath, nodeArgs: [] }, programs: {} };
  const options = { rounds: 2, quick: false, onStep: () => {} };
  const baseline = { ...leviathan, name: 'baseline' as const, task: { script: '', engine: 'leviathan' as const } };
  await measureAll(setting, metric, 'process', [leviathan, baseline], options);
  await folders.removeAll();
  const inRounds = work.leviathan?.slice(-4);
  expect(new Set(inRounds)).toEqual(new Set(['75000 jobs in way 1', '90000 jobs in way 3']));
  expect(work.baseline).toEqual(inRounds);
});

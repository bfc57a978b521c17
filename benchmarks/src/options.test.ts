import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { parseOptions, UsageError } from './options';

const known = { engines: ['leviathan', 'bullmq'], metrics: ['add', 'latency'] };

test('everything is measured in five rounds unless told otherwise', () => {
  expect(parseOptions(['queue'], known)).toMatchObject({ rounds: 5, quick: false, folder: tmpdir(), ...known });
});

test('engines and metrics can be named, and their order is kept', () => {
  const options = parseOptions(
    ['queue', '--engines', 'bullmq,leviathan', '--metrics', 'latency', '--rounds', '2'],
    known,
  );
  expect(options).toMatchObject({ engines: ['bullmq', 'leviathan'], metrics: ['latency'], rounds: 2 });
});

test('compared with itself, Leviathan is alone', () => {
  expect(parseOptions(['queue', '--baseline', 'v1'], known)).toMatchObject({ engines: ['leviathan'], baseline: 'v1' });
});

test('a quick run has one round', () => {
  expect(parseOptions(['queue', '--quick'], known).rounds).toBe(1);
});

test.each([
  [[], 'Say what to measure'],
  [['stack'], 'Say what to measure'],
  [['queue', '--engines', 'kafka'], 'no engine kafka'],
  [['queue', '--metrics', ''], 'no metric'],
  [['queue', '--rounds', '0'], '--rounds'],
  [['queue', '--baseline', 'v1', '--engines', 'bullmq'], '--baseline'],
  [['queue', '--fast'], '--fast'],
])('%j is turned down with the reason', (args, reason) => {
  expect(() => parseOptions(args, known)).toThrow(UsageError);
  expect(() => parseOptions(args, known)).toThrow(reason);
});

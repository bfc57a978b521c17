import { expect, it } from 'vitest';
import { testSeed } from '../../src/testing/random';
import { isClean, killTorture } from './torture';

const ROUNDS = 30;

it('nothing is lost, run twice, stuck or early when processes are killed at any moment', {
  timeout: 300_000,
}, async () => {
  const seed = testSeed();
  console.log(`kill torture, seed ${seed} (LEVIATHAN_SEED=${seed} plans the same again)`);
  const report = await killTorture({ seed, rounds: ROUNDS, perStage: ROUNDS / 2, log: console.log });
  expect(report.failures).toEqual([]);
  expect(isClean(report)).toBe(true);
  // It has to have happened, or nothing was tried.
  expect(report).toMatchObject({ rounds: ROUNDS, stages: 2, seed });
  expect(report.killed).toBeGreaterThan(ROUNDS / 2);
  expect(report.kills.owner).toBeGreaterThan(0);
  expect(report.owners).toBeGreaterThan(report.stages);
  expect(report.completed).toBeGreaterThan(ROUNDS);
});

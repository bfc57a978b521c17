import { expect, test } from 'vitest';
import { Outcomes } from './outcomes';

async function isSettled(outcomes: Outcomes): Promise<boolean> {
  return Promise.race([outcomes.settled().then(() => true), Promise.resolve().then(() => false)]);
}

test('nothing handled is settled', async () => {
  expect(await isSettled(new Outcomes())).toBe(true);
});

test('the clock does not stop before the outcome of each handled job is acknowledged', async () => {
  const outcomes = new Outcomes();
  for (let i = 0; i < 3; i++) outcomes.handled();
  const settled = outcomes.settled();
  let ended = false;
  void settled.then(() => {
    ended = true;
  });
  outcomes.acknowledged(2);
  await Promise.resolve();
  expect(ended).toBe(false);
  outcomes.acknowledged(1);
  await settled;
  expect(await isSettled(outcomes)).toBe(true);
  outcomes.handled();
  expect(await isSettled(outcomes)).toBe(false);
});

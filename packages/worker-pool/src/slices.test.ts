import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { Slices } from './slices';

it('does pieces in order, some milliseconds of them in a turn', async () => {
  let time = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => time);
  const slices = new Slices();
  const done: number[] = [];
  for (let n = 0; n < 5; n++) {
    slices.add(() => {
      done.push(n);
      time += 2;
    });
  }
  expect(done).toEqual([]);
  await nextTurn();
  expect(done).toEqual([0, 1]);
  slices.add(() => done.push(9));
  await nextTurn();
  await nextTurn();
  expect(done).toEqual([0, 1, 2, 3, 4, 9]);
  slices.add(() => done.push(10));
  await nextTurn();
  expect(done.at(-1)).toBe(10);
  clock.mockRestore();
});

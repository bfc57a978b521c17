import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { Stillness } from './stillness';

describe('stillness', () => {
  it('is reached when something has looked the same for so long', async () => {
    const clock = new FakeClock();
    const stillness = new Stillness(clock);
    expect(stillness.left('x', 'one', 100)).toBe(100);
    await clock.advance(60);
    expect(stillness.left('x', 'one', 100)).toBe(40);
    expect(stillness.left('x', 'two', 100)).toBe(100);
    await clock.advance(100);
    expect(stillness.left('x', 'two', 100)).toBe(0);
    stillness.forget('x');
    expect(stillness.left('x', 'two', 100)).toBe(100);
  });

  it('needs no waiting for a file that changed long ago, and does not believe times in the future', async () => {
    const clock = new FakeClock();
    const stillness = new Stillness(clock);
    const stamp = { ino: 1, size: 2, mtimeMs: clock.now() - 2_000 };
    expect(stillness.leftOfFile('old', stamp, 2_000)).toBe(0);
    expect(stillness.leftOfFile('young', { ...stamp, mtimeMs: clock.now() - 500 }, 2_000)).toBe(2_000);
    expect(stillness.leftOfFile('ahead', { ...stamp, mtimeMs: clock.now() + 9e6 }, 2_000)).toBe(2_000);
    await clock.advance(2_000);
    expect(stillness.leftOfFile('ahead', { ...stamp, mtimeMs: clock.now() - 2_000 + 9e6 }, 2_000)).toBe(0);
  });

  it('is not moved by a wall clock that jumps', async () => {
    const clock = new FakeClock();
    const stillness = new Stillness(clock);
    expect(stillness.left('x', 'one', 100)).toBe(100);
    await clock.jump(1e6);
    expect(stillness.left('x', 'one', 100)).toBe(100);
  });
});

import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { ScanLoop } from './scan-loop';

function setUp(interval = 30_000) {
  const clock = new FakeClock();
  const state = { runs: 0, release: () => {} };
  const loop = new ScanLoop(
    clock,
    () => {
      state.runs++;
      return new Promise((resolve) => {
        state.release = resolve;
      });
    },
    () => interval,
  );
  return { clock, state, loop };
}

describe('a scan loop', () => {
  it('runs in a moment, once for many hints, and is not put off by them', async () => {
    const { clock, state, loop } = setUp();
    for (let i = 0; i < 10; i++) {
      loop.soon();
      await clock.advance(5);
    }
    expect(state.runs).toBe(1);
  });

  it('runs again for who asks while it runs, since that run may have passed the place already', async () => {
    const { clock, state, loop } = setUp();
    let done = 0;
    void loop.now().then(() => done++);
    void loop.now().then(() => done++);
    state.release();
    await clock.settle();
    expect([state.runs, done]).toEqual([2, 0]);
    state.release();
    await clock.settle();
    expect([state.runs, done]).toEqual([2, 2]);
  });

  it('runs every now and then by itself', async () => {
    const { clock, state, loop } = setUp(1_000);
    void loop.now();
    state.release();
    await clock.advance(1_000);
    state.release();
    await clock.advance(1_000);
    expect(state.runs).toBe(3);
  });

  it('ends with the run that is under way', async () => {
    const { clock, state, loop } = setUp(1_000);
    void loop.now();
    void loop.now();
    const stopped = loop.stop();
    state.release();
    await stopped;
    loop.soon();
    await clock.advance(60_000);
    expect(state.runs).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

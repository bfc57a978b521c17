import { describe, expect, it } from 'vitest';
import { RetryTimer } from './retry-timer';
import { FakeClock } from './testing/fake-clock';

describe('RetryTimer', () => {
  it('waits twice as long each time, 5 s at most, and starts over after a success', async () => {
    const clock = new FakeClock();
    const calls: number[] = [];
    const start = clock.now();
    const timer = new RetryTimer(clock, () => {
      calls.push(clock.now() - start);
      if (calls.length === 8) timer.succeeded();
      if (calls.length < 9) timer.arm();
    });
    timer.arm();
    timer.arm();
    expect(timer.armed).toBe(true);
    await clock.advance(60_000);
    expect(calls).toEqual([100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300, 16_400]);
    expect(timer.armed).toBe(false);
  });

  it('can be stopped', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const timer = new RetryTimer(clock, () => calls++);
    timer.arm();
    timer.stop();
    await clock.advance(1_000);
    expect({ calls, armed: timer.armed, pending: clock.pending }).toEqual({ calls: 0, armed: false, pending: 0 });
  });
});

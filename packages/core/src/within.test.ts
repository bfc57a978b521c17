import { describe, expect, it } from 'vitest';
import { FakeClock } from './testing/fake-clock';
import { within } from './within';

describe('within', () => {
  it('tells whether a promise settled in time, either way, and leaves no timer behind', async () => {
    const clock = new FakeClock();
    expect(await within(clock, Promise.resolve(), 10)).toBe(true);
    expect(await within(clock, Promise.reject(new Error('no')), 10)).toBe(true);
    expect(clock.pending).toBe(0);
    const late = within(clock, new Promise(() => {}), 10);
    await clock.advance(10);
    expect(await late).toBe(false);
  });

  it('waits for ever when it is told so, and not at all below zero', async () => {
    const clock = new FakeClock();
    expect(await within(clock, Promise.resolve(), Number.POSITIVE_INFINITY)).toBe(true);
    expect(await within(clock, new Promise(() => {}), -5)).toBe(false);
  });
});

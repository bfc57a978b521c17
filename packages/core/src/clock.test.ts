import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from './clock';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2025-01-30T12:00:00Z');
/** The wall clock is looked at so often. */
const NOTICED = 5_000;

/** The machine's timers and wall clock in the test's hands; the wall clock alone can be set. */
beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Sets the wall clock, or lets the machine sleep: for timers the two are the same. */
function step(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe('a timer for a time of the wall clock', () => {
  it.each([1, 5_000, HOUR, 60 * DAY])('fires after %d ms, once and not before', (ms) => {
    const run = vi.fn();
    systemClock.at(START + ms, run);
    vi.advanceTimersByTime(ms - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(DAY);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([HOUR, DAY])('fires soon after the clock was set ahead by %d ms, over its time', (ms) => {
    const run = vi.fn();
    systemClock.at(START + ms / 2, run);
    vi.advanceTimersByTime(1_000);
    step(ms);
    vi.advanceTimersByTime(NOTICED);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([HOUR, DAY])('comes nearer when the clock is set ahead by %d ms, and is not early', (ms) => {
    const run = vi.fn();
    systemClock.at(START + ms + 60_000, run);
    step(ms);
    vi.advanceTimersByTime(59_999);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([HOUR, DAY])('waits for so much longer when the clock is set back by %d ms', (ms) => {
    const run = vi.fn();
    systemClock.at(START + 12_000, run);
    vi.advanceTimersByTime(11_500);
    step(-ms);
    vi.advanceTimersByTime(ms + 499);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('fires when the event loop was blocked over its time', () => {
    const run = vi.fn();
    systemClock.at(START + 1_000, run);
    step(30_000);
    vi.advanceTimersByTime(1_000);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('may be cancelled, before and after the clock was looked at', () => {
    const run = vi.fn();
    systemClock.at(START + HOUR, run).cancel();
    const timer = systemClock.at(START + HOUR, run);
    vi.advanceTimersByTime(HOUR / 2);
    timer.cancel();
    vi.advanceTimersByTime(HOUR);
    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a timer for a time of running', () => {
  it.each([-DAY, -HOUR, HOUR, DAY])('does not mind that the clock is set by %d ms', (ms) => {
    const run = vi.fn();
    systemClock.after(HOUR, run);
    vi.advanceTimersByTime(1_000);
    step(ms);
    vi.advanceTimersByTime(HOUR - 1_001);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('may be longer than the timers of the machine are', () => {
    const run = vi.fn();
    const ms = 2 ** 32 + 5;
    systemClock.after(ms, run);
    vi.advanceTimersByTime(ms - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });
});

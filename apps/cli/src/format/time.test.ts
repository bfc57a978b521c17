import { describe, expect, it } from 'vitest';
import { duration, relative } from './time';

describe('duration', () => {
  it.each([
    [-5, '0ms'],
    [0, '0ms'],
    [850, '850ms'],
    [1_000, '1s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [185_000, '3m 5s'],
    [7_800_000, '2h 10m'],
    [356_400_000, '4d 3h'],
    [86_400_000 * 400, '400d'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe('relative', () => {
  const now = Date.parse('2026-11-23T12:00:00.000Z');
  const at = (ms: number): string => new Date(now + ms).toISOString();

  it('names one unit, in the right direction', () => {
    expect(relative(at(-185_000), now)).toBe('3m ago');
    expect(relative(at(7_800_000), now)).toBe('in 2h');
  });

  it('calls a clock that is a little ahead "now"', () => {
    expect(relative(at(400), now)).toBe('now');
    expect(relative(at(-999), now)).toBe('now');
  });

  it('shows what is no time as it is', () => {
    expect(relative('soon', now)).toBe('soon');
  });
});

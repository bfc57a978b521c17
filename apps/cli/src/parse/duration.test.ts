import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors';
import { parseDuration } from './duration';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1.5h', 5_400_000],
    ['1h30m', 5_400_000],
    ['2 days', 172_800_000],
    [' 1m 5s ', 65_000],
    ['0s', 0],
  ])('reads %j', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '5', '5x', 'm', '-5m', '5m!', '1h-30m', 'soon', '5 m 3'])(
    'refuses %j, and says how to write one',
    (text) => {
      expect(() => parseDuration(text)).toThrow(UsageError);
      expect(() => parseDuration(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining('90s') }));
    },
  );
});

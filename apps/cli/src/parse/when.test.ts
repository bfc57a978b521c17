import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors';
import { parseWhen } from './when';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('parseWhen', () => {
  it('takes a bare duration towards the future or the past, as the option means it', () => {
    expect(parseWhen('5m', NOW, 'future')).toBe(NOW + 300_000);
    expect(parseWhen('5m', NOW, 'past')).toBe(NOW - 300_000);
  });

  it('lets the words decide where there are any', () => {
    expect(parseWhen('in 5m', NOW, 'past')).toBe(NOW + 300_000);
    expect(parseWhen('+5m', NOW, 'past')).toBe(NOW + 300_000);
    expect(parseWhen('5m ago', NOW, 'future')).toBe(NOW - 300_000);
    expect(parseWhen('-5m', NOW, 'future')).toBe(NOW - 300_000);
    expect(parseWhen('now', NOW, 'future')).toBe(NOW);
  });

  it('reads ISO 8601, without a zone in local time, also a date alone', () => {
    expect(parseWhen('2026-12-24T18:00:00Z', NOW, 'future')).toBe(Date.UTC(2026, 11, 24, 18));
    expect(parseWhen('2026-12-24T18:00:00+02:00', NOW, 'future')).toBe(Date.UTC(2026, 11, 24, 16));
    expect(parseWhen('2026-12-24T18:00', NOW, 'future')).toBe(new Date(2026, 11, 24, 18).getTime());
    expect(parseWhen('2026-12-24', NOW, 'future')).toBe(new Date(2026, 11, 24).getTime());
  });

  it.each(['', 'tomorrow', '2026-13-45', '5', '24.12.2026', 'in', 'ago'])('refuses %j', (text) => {
    expect(() => parseWhen(text, NOW, 'future')).toThrow(UsageError);
  });
});

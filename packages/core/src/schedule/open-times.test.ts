import { describe, expect, it } from 'vitest';
import { isOpen, nextOpening, parseDays, parseTime, type TimeRange } from './open-times';

const at = (text: string): number => Date.parse(text);
const [DAY, MINUTE] = [86_400_000, 60_000];
const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
const night: TimeRange = { days: 'mon-fri', from: '22:00', to: '07:00', timezone: 'Europe/Berlin' };

describe('a range over midnight', () => {
  it('belongs to the day on which it begins', () => {
    // 2 January 2026 is a Friday; Berlin is an hour ahead of UTC.
    const open = (text: string): boolean => isOpen([night], at(text));
    expect(open('2026-01-02T20:59Z')).toBe(false);
    expect(open('2026-01-02T21:00Z')).toBe(true);
    expect(open('2026-01-03T05:59Z')).toBe(true);
    expect(open('2026-01-03T06:00Z')).toBe(false);
    expect(open('2026-01-03T22:00Z')).toBe(false);
    expect(open('2026-01-05T02:00Z')).toBe(false);
    expect(open('2026-01-06T02:00Z')).toBe(true);
  });

  it('opens next on the next of its days', () => {
    expect(iso(nextOpening([night], at('2026-01-03T07:00Z')))).toBe('2026-01-05T21:00');
    expect(iso(nextOpening([night], at('2026-01-05T23:00Z')))).toBe('2026-01-05T23:00');
  });
});

it('several ranges add up', () => {
  const ranges: TimeRange[] = [night, { days: 'sat,sun', from: '00:00', to: '24:00', timezone: 'Europe/Berlin' }];
  expect(isOpen(ranges, at('2026-01-04T12:00Z'))).toBe(true);
  expect(isOpen(ranges, at('2026-01-05T12:00Z'))).toBe(false);
  expect(iso(nextOpening(ranges, at('2026-01-03T06:30Z')))).toBe('2026-01-03T06:30');
  expect(isOpen([], at('2026-01-04T12:00Z'))).toBe(false);
  expect(nextOpening([], at('2026-01-04T12:00Z'))).toBeUndefined();
});

it('a range from a time to the same is a whole day', () => {
  expect(isOpen([{ days: 'mon', from: '08:00', to: '08:00' }], at('2026-01-06T07:59Z'))).toBe(true);
  expect(isOpen([{ days: 'mon', from: '08:00', to: '08:00' }], at('2026-01-06T08:00Z'))).toBe(false);
});

describe('where clocks change', () => {
  it('in a gap a window opens with the change, and one inside it comes the day after', () => {
    const zone = { timezone: 'Europe/Berlin' };
    const before = at('2026-03-29T00:30Z');
    expect(iso(nextOpening([{ from: '02:30', to: '04:00', ...zone }], before))).toBe('2026-03-29T01:00');
    expect(iso(nextOpening([{ from: '02:15', to: '02:45', ...zone }], before))).toBe('2026-03-30T00:15');
    expect(iso(nextOpening([{ days: 'sun', from: '02:15', to: '02:45', ...zone }], before))).toBe('2026-04-05T00:15');
  });

  it('in a repeated hour a window is open twice', () => {
    const zone = { timezone: 'America/New_York' };
    // 1:30 comes at 05:30Z and again at 06:30Z.
    expect(iso(nextOpening([{ from: '01:30', to: '01:45', ...zone }], at('2026-11-01T05:50Z')))).toBe(
      '2026-11-01T06:30',
    );
    expect(iso(nextOpening([{ from: '00:30', to: '01:15', ...zone }], at('2026-11-01T05:50Z')))).toBe(
      '2026-11-01T06:00',
    );
  });

  it('agrees with a look at every minute, in three zones', () => {
    const changes: [string, string][] = [
      ['Europe/Berlin', '2026-03-28T12:00Z'],
      ['Europe/Berlin', '2026-10-24T12:00Z'],
      ['America/New_York', '2026-03-07T12:00Z'],
      ['America/New_York', '2026-10-31T12:00Z'],
      ['Australia/Lord_Howe', '2026-04-04T00:00Z'],
      ['Australia/Lord_Howe', '2026-10-03T00:00Z'],
    ];
    for (const [timezone, begin] of changes) {
      for (const [from, to] of [
        ['01:40', '02:10'],
        ['02:00', '02:20'],
        ['01:15', '03:05'],
        ['22:00', '01:50'],
      ] as const) {
        const ranges = [{ from, to, timezone }];
        let expected: number | undefined;
        for (let time = at(begin) + DAY; time >= at(begin); time -= MINUTE) {
          if (isOpen(ranges, time)) expected = time;
          const isChecked = expected !== undefined && (isOpen(ranges, time) || (time / MINUTE) % 7 === 0);
          if (isChecked) expect(nextOpening(ranges, time), `${timezone} ${from} ${iso(time)}`).toBe(expected);
        }
      }
    }
  });
});

it('reads days and times', () => {
  expect([...(parseDays('mon-fri') ?? [])]).toEqual([1, 2, 3, 4, 5]);
  expect([...(parseDays('fri-mon') ?? [])]).toEqual([5, 6, 0, 1]);
  expect([...(parseDays('Sat, sun') ?? [])]).toEqual([6, 0]);
  for (const wrong of ['', 'mon-', 'monday', 'mon-tue-wed', '1-5']) expect(parseDays(wrong), wrong).toBeUndefined();
  expect(['00:00', '07:30', '24:00'].map(parseTime)).toEqual([0, 450, 1_440]);
  for (const wrong of ['7:30', '24:01', '12:60', 'noon', '']) expect(parseTime(wrong), wrong).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import { slotTimes } from './slot-times';

const at = (text: string): number => Date.parse(text);
const iso = (slot: number | undefined): string | undefined =>
  slot === undefined ? undefined : new Date(slot).toISOString().replace('.000Z', 'Z');

function slots(cron: string, timezone: string, from: string, count: number): (string | undefined)[] {
  const times = slotTimes({ cron, timezone }, 0);
  const found: (string | undefined)[] = [];
  for (let slot: number | undefined = at(from); found.length < count && slot !== undefined; ) {
    slot = times.after(slot);
    found.push(iso(slot));
  }
  return found;
}

describe('a cron pattern', () => {
  it('has five fields, or six with seconds in front', () => {
    expect(slots('*/20 8 * * *', 'UTC', '2026-01-01T00:00Z', 4)).toEqual([
      '2026-01-01T08:00:00Z',
      '2026-01-01T08:20:00Z',
      '2026-01-01T08:40:00Z',
      '2026-01-02T08:00:00Z',
    ]);
    expect(slots('*/30 0 12 * * *', 'UTC', '2026-01-01T00:00Z', 3)).toEqual([
      '2026-01-01T12:00:00Z',
      '2026-01-01T12:00:30Z',
      '2026-01-02T12:00:00Z',
    ]);
  });

  it('knows names of days and months, the last day, and nicknames', () => {
    expect(slots('0 9 * * mon-fri', 'UTC', '2026-01-02T10:00Z', 1)).toEqual(['2026-01-05T09:00:00Z']);
    expect(slots('0 0 L feb *', 'UTC', '2028-01-01T00:00Z', 1)).toEqual(['2028-02-29T00:00:00Z']);
    expect(slots('@weekly', 'UTC', '2026-01-01T00:00Z', 1)).toEqual(['2026-01-04T00:00:00Z']);
  });
});

describe('Europe/Berlin', () => {
  it('in the gap of March fires what is fixed right behind it, and once', () => {
    const from = '2026-03-28T00:00Z';
    expect(slots('30 2 * * *', 'Europe/Berlin', from, 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:30:00Z',
    ]);
    expect(slots('0,30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
      '2026-03-29T01:00:00Z',
      '2026-03-30T00:00:00Z',
    ]);
  });

  it('in the gap goes on with the time that passes where the pattern repeats', () => {
    expect(slots('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 3)).toEqual([
      '2026-03-29T00:30:00Z',
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
    ]);
    expect(slots('*/15 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 1)).toEqual(['2026-03-30T00:00:00Z']);
  });

  it('in the repeated hour of October fires what is fixed the first time, and what repeats both times', () => {
    expect(slots('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    expect(slots('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:30Z', 5)).toEqual([
      '2026-10-25T00:00:00Z',
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-25T02:00:00Z',
    ]);
  });
});

describe('America/New_York', () => {
  it('in the gap of March fires what is fixed right behind it', () => {
    expect(slots('30 2 * * *', 'America/New_York', '2026-03-07T00:00Z', 3)).toEqual([
      '2026-03-07T07:30:00Z',
      '2026-03-08T07:00:00Z',
      '2026-03-09T06:30:00Z',
    ]);
  });

  it('in the repeated hour of November fires what is fixed the first time', () => {
    expect(slots('30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', 2)).toEqual([
      '2026-11-01T05:30:00Z',
      '2026-11-02T06:30:00Z',
    ]);
    expect(slots('0 * * * *', 'America/New_York', '2026-11-01T04:30Z', 3)).toEqual([
      '2026-11-01T05:00:00Z',
      '2026-11-01T06:00:00Z',
      '2026-11-01T07:00:00Z',
    ]);
  });
});

describe('Australia/Lord_Howe, whose clock changes by half an hour', () => {
  it('in the gap of October fires what is fixed right behind it', () => {
    expect(slots('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T12:00Z', 3)).toEqual([
      '2026-10-02T15:45:00Z',
      '2026-10-03T15:30:00Z',
      '2026-10-04T15:15:00Z',
    ]);
  });

  it('in the repeated half hour of April fires what is fixed the first time, and what repeats both times', () => {
    expect(slots('45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T15:00Z', 2)).toEqual([
      '2026-04-04T14:45:00Z',
      '2026-04-05T15:15:00Z',
    ]);
    expect(slots('*/15 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:30Z', 4)).toEqual([
      '2026-04-04T14:45:00Z',
      '2026-04-04T15:00:00Z',
      '2026-04-04T15:15:00Z',
      '2026-04-04T15:30:00Z',
    ]);
  });
});

describe('an interval', () => {
  it('counts from its start, without drift, the start included', () => {
    const times = slotTimes({ every: 7_000, start: '2026-01-01T00:00:00Z' }, at('2020-01-01T00:00Z'));
    const start = at('2026-01-01T00:00:00Z');
    expect(times.after(start - 1e9)).toBe(start);
    expect(times.after(start)).toBe(start + 7_000);
    expect(times.after(start + 7_000 * 1e6 + 6_999)).toBe(start + 7_000 * (1e6 + 1));
    expect(times.upTo(start + 13_999)).toBe(start + 7_000);
    expect(times.upTo(start - 1)).toBeUndefined();
  });

  it('without a start counts from the creation, which is no slot itself', () => {
    const times = slotTimes({ every: 1_000 }, 5_500);
    expect(times.after(0)).toBe(6_500);
    expect(times.upTo(6_499)).toBeUndefined();
    expect(times.upTo(6_500)).toBe(6_500);
  });

  it('goes on over years', () => {
    const every = 400 * 24 * 60 * 60 * 1_000;
    expect(slotTimes({ every }, 0).after(3 * every)).toBe(4 * every);
  });
});

it('start and end are bounds, both included', () => {
  const times = slotTimes({ cron: '0 * * * *', start: '2026-01-01T10:00Z', end: '2026-01-01T12:00:00Z' }, 0);
  expect(iso(times.after(0))).toBe('2026-01-01T10:00:00Z');
  expect(iso(times.after(at('2026-01-01T11:30Z')))).toBe('2026-01-01T12:00:00Z');
  expect(times.after(at('2026-01-01T12:00Z'))).toBeUndefined();
  expect(iso(times.upTo(at('2027-01-01T00:00Z')))).toBe('2026-01-01T12:00:00Z');
  expect(times.upTo(at('2026-01-01T09:59Z'))).toBeUndefined();
});

it('looking back finds what looking ahead finds, also where clocks change', () => {
  const cases: [string, string, string][] = [
    ['*/15 * * * *', 'Europe/Berlin', '2026-03-28T20:00Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-03-27T20:00Z'],
    ['0,30 2 * * *', 'Europe/Berlin', '2026-10-23T20:00Z'],
    ['*/20 * * * *', 'America/New_York', '2026-10-31T20:00Z'],
    ['30 1,2 * * *', 'America/New_York', '2026-03-06T20:00Z'],
    ['*/10 * * * *', 'Australia/Lord_Howe', '2026-04-04T10:00Z'],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-01T10:00Z'],
  ];
  for (const [cron, timezone, from] of cases) {
    const times = slotTimes({ cron, timezone }, 0);
    let slot = times.after(at(from)) as number;
    for (let i = 0; i < 60; i++) {
      const next = times.after(slot) as number;
      const place = `${cron} ${timezone} ${iso(next)}`;
      expect(iso(times.upTo(next)), place).toBe(iso(next));
      expect(iso(times.upTo(next - 1)), place).toBe(iso(slot));
      slot = next;
    }
  }
});

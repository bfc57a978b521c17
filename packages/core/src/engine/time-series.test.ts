import { expect, it } from 'vitest';
import { ADDED, newTally, textOf } from './tally';
import { SPANS, TimeSeries } from './time-series';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

function count(series: TimeSeries, ...times: number[]): void {
  for (const time of times) (series.at(time)[ADDED] as number)++;
}

function added(n: number): string {
  const tally = newTally();
  tally[ADDED] = n;
  return textOf(tally);
}

it('counts by minutes, hours and days', () => {
  const series = new TimeSeries();
  count(series, 0, 59_999, 60_000, DAY - 1, DAY);
  series.close();
  const { minute, hour, day } = series.spans;
  expect(minute.starts).toEqual([0, MINUTE, DAY - MINUTE, DAY]);
  expect(minute.texts).toEqual([added(2), added(1), added(1), added(1)]);
  expect(hour.starts).toEqual([0, DAY - 60 * MINUTE, DAY]);
  expect(hour.texts[0]).toEqual(added(3));
  expect([day.starts, day.texts]).toEqual([
    [0, DAY],
    [added(4), added(1)],
  ]);
  expect(series.total[ADDED]).toBe(5);
});

it('opens a minute again when the clock was set back, however often it is closed between', () => {
  const series = new TimeSeries();
  count(series, 5 * MINUTE);
  series.close();
  series.close();
  count(series, 2 * MINUTE, 5 * MINUTE + 1, 2 * MINUTE + 1);
  series.close();
  expect(series.spans.minute.starts).toEqual([2 * MINUTE, 5 * MINUTE]);
  expect(series.spans.minute.texts).toEqual([added(2), added(2)]);
});

it('keeps the newest spans of each length, and knows since when it has all', () => {
  const series = new TimeSeries();
  const days = SPANS.day.kept + 3;
  for (let day = 0; day < days; day++) count(series, day * DAY);
  series.close();
  expect(series.spans.day.starts).toHaveLength(SPANS.day.kept);
  expect(series.spans.day.dropped).toBe(2 * DAY);
  expect(series.spans.hour.dropped).toBe(-1);
  expect(series.total[ADDED]).toBe(days);
});

it('loses nothing when a clock goes astray for a while', () => {
  const series = new TimeSeries();
  count(series, MINUTE, 100 * 365 * DAY, 2 * MINUTE);
  series.close();
  expect(series.spans.minute.starts).toEqual([MINUTE, 2 * MINUTE, 100 * 365 * DAY]);
});

import { describe, expect, it } from 'vitest';
import { readHistory } from './history-query';
import { JobTable } from './job-table';
import { SPANS } from './time-series';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A table to which one job was added at each of these times. */
function tableOf(times: Iterable<number>): JobTable {
  const table = new JobTable();
  for (const at of times) {
    const seq = table.seq + 1;
    const job = { id: `j${seq}`, type: 'a', priority: 5, maxAttempts: 3, maxCrashes: 3 };
    table.apply({ seq, at, op: 'add', job, body: 'null' });
  }
  return table;
}

function* every(length: number, count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i * length;
}

let pauses = 0;
const read = ({ history }: JobTable, from: number, to: number, step: number) =>
  readHistory(history, { from, to, step }, to, async () => void pauses++);

describe('what is not kept any more by minutes', () => {
  const { kept } = SPANS.minute;
  const table = tableOf(every(MINUTE, kept + 1));

  it('is told by hours, and the answer says so', async () => {
    const all = await read(table, 0, (kept + 1) * MINUTE, MINUTE);
    expect(all.step).toBe(HOUR);
    expect(all.points.slice(0, 48).every(({ added }) => added === 60)).toBe(true);
    expect(all.total.added).toBe(kept + 1);
  });

  it('leaves the rest by minutes', async () => {
    const rest = await read(table, MINUTE, (kept + 1) * MINUTE, MINUTE);
    expect([rest.step, rest.total.added]).toEqual([MINUTE, kept]);
  });

  it('is read in slices', async () => {
    pauses = 0;
    await read(table, MINUTE, (kept + 1) * MINUTE, MINUTE);
    expect(pauses).toBe(1);
  });
});

it('tells by days what is older than the hours, and what there is of what is older than the days', async () => {
  const table = tableOf(every(HOUR, SPANS.minute.kept + 100));
  expect(await read(table, 0, 10 * DAY, HOUR)).toMatchObject({ step: DAY, total: { added: 240 } });
  const old = tableOf(every(DAY, SPANS.day.kept + 10));
  // Busy for one minute a day: their minutes reach further back than the days.
  expect(await read(old, 0, 10 * DAY, DAY)).toMatchObject({ step: DAY, total: { added: 10 } });
});

it('says that a type of which nothing is known did nothing', async () => {
  const { total, points } = await readHistory(tableOf([0]).history, { type: 'b' }, HOUR, async () => {});
  expect([total.added, points.length]).toEqual([0, 60]);
});

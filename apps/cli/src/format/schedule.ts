/**
 * Schedules as a table, and one as a page.
 *
 * @module
 */
import type { Schedule } from '@leviathan/core';
import type { Session } from '../session';
import { manyLines, oneLine } from './safe';
import { type Column, table } from './table';
import { wrap } from './text';
import { duration, relative } from './time';

const LABEL_COLUMNS = 11;

const COLUMNS: readonly Column[] = [
  { title: 'NAME', min: 8 },
  { title: 'COMES', min: 10 },
  { title: 'TYPE', min: 6, drop: 2 },
  { title: 'NEXT' },
  { title: 'LAST', drop: 3 },
  { title: 'RUNS', align: 'right', drop: 4 },
];

/** The table of `schedule list`. */
export function scheduleTable(schedules: readonly Schedule[], { out, io }: Session): string[] {
  const now = io.now();
  const rows = schedules.map((schedule) => [
    schedule.name,
    timingOf(schedule),
    oneLine(schedule.job.type),
    nextOf(schedule, now),
    schedule.lastSlot === undefined ? '' : relative(schedule.lastSlot, now),
    String(schedule.runs),
  ]);
  return table(COLUMNS, rows, out.columns, out.colors.dim);
}

/** The page of `schedule show`. */
export function scheduleLines(schedule: Schedule, { out, io }: Session): string[] {
  const now = io.now();
  const time = (iso: string | undefined): string | undefined => iso && `${relative(iso, now)} (${iso})`;
  const { missed = 'one', overlap = 'allow', limit, runs, job } = schedule;
  const facts: [string, string | undefined][] = [
    ['comes', timingOf(schedule)],
    ['next', schedule.next === undefined ? nextOf(schedule, now) : time(schedule.next)],
    ['last', time(schedule.lastSlot)],
    ['last job', schedule.lastJob],
    ['runs', `${runs}${limit === undefined ? '' : ` of ${limit}`}`],
    ['left out', schedule.skipped === 0 ? undefined : String(schedule.skipped)],
    ['start', time(schedule.start)],
    ['end', time(schedule.end)],
    ['missed', missed],
    ['overlap', overlap],
    ['type', job.type],
  ];
  const lines = [
    out.colors.bold(schedule.name),
    ...facts
      .filter((fact): fact is [string, string] => fact[1] !== undefined)
      .map(([label, value]) => `${out.colors.dim(label.padEnd(LABEL_COLUMNS))}${oneLine(value)}`),
    ...section('Data', job.data),
    ...(job.options === undefined ? [] : section('Options', job.options)),
  ];
  return lines.flatMap((line) => wrap(line, out.columns, 4));
}

/** `30 2 * * *, Europe/Berlin`, or `every 6h`. */
function timingOf({ cron, every, timezone = 'UTC' }: Schedule): string {
  return cron === undefined ? `every ${duration(every ?? 0)}` : oneLine(`${cron}, ${timezone}`);
}

function nextOf({ paused, next }: Schedule, now: number): string {
  if (paused) return 'paused';
  return next === undefined ? 'never' : relative(next, now);
}

function section(title: string, value: unknown): string[] {
  return ['', title, ...manyLines(JSON.stringify(value, null, 2)).map((line) => `  ${line}`)];
}

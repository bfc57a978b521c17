/**
 * Jobs as a table.
 *
 * @module
 */
import type { Job } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import { shortIds } from './ids';
import { noteOf, stateOf, titleOf } from './job';
import { oneLine } from './safe';
import { type Column, table } from './table';
import { relative } from './time';

const COLUMNS: readonly Column[] = [
  { title: 'ID', min: 8 },
  { title: 'STATE' },
  { title: 'TYPE', min: 6, drop: 3 },
  { title: 'PRI', align: 'right', drop: 5 },
  { title: 'CREATED', align: 'right', drop: 4 },
  { title: 'JOB', min: 8 },
  { title: 'NOTE', min: 12, drop: 2 },
];

/** The table of `list` and `watch`: short ids on a terminal, whole ones where nothing is cut. */
export function jobTable(jobs: readonly Job[], columns: number, colors: Colors, now: number): string[] {
  const short = shortIds(jobs.map(({ id }) => id));
  const rows = jobs.map((job) => [
    Number.isFinite(columns) ? (short.get(job.id) ?? job.id) : job.id,
    stateOf(job, colors, now),
    oneLine(job.type),
    String(job.priority),
    relative(job.created, now),
    titleOf(job),
    noteOf(job, now),
  ]);
  return table(COLUMNS, rows, columns, colors.dim);
}

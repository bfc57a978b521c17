/**
 * Counts as text.
 *
 * @module
 */
import { JOB_STATUSES, type JobCounts } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import { oneLine } from './safe';
import { table } from './table';

/** The counts in one line. */
export function countsLine(counts: JobCounts, c: Colors): string {
  const { scheduled, blocked, held, paused } = counts.waiting;
  const why = [
    scheduled > 0 && `${scheduled} scheduled`,
    blocked > 0 && `${blocked} blocked`,
    held > 0 && `${held} held`,
    paused > 0 && `${paused} paused`,
  ].filter(Boolean);
  const pending = `${c.cyan(`${counts.pending} pending`)}${why.length === 0 ? '' : ` (${why.join(', ')})`}`;
  const parts = [
    c.yellow(`${counts.active} active`),
    pending,
    c.green(`${counts.completed} completed`),
    c.red(`${counts.failed} failed`),
  ];
  const pause = pauseText(counts);
  if (pause !== undefined) parts.push(c.bold(pause));
  return parts.join(' · ');
}

/** What is paused, or undefined when nothing is. */
export function pauseText({ paused }: Pick<JobCounts, 'paused'>): string | undefined {
  if (paused.all) return 'all paused';
  return paused.types.length === 0 ? undefined : `paused: ${paused.types.map(oneLine).join(', ')}`;
}

/** A table of types and states, with a line of totals if there are several types. */
export function countsTable(counts: JobCounts, columns: number, c: Colors): string[] {
  const types = Object.entries(counts.byType).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = types.map(([type, by]) => [oneLine(type), ...JOB_STATUSES.map((status) => String(by[status]))]);
  if (rows.length !== 1) rows.push(['all', ...JOB_STATUSES.map((status) => String(counts[status]))]);
  const titles = [
    { title: 'TYPE', min: 6 },
    ...JOB_STATUSES.map((status) => ({ title: status.toUpperCase(), align: 'right' as const })),
  ];
  return table(titles, rows, columns, c.dim);
}

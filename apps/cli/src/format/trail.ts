/**
 * The history of a job as a table.
 *
 * @module
 */
import type { Trail, TrailEntry } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import { oneLine } from './safe';
import { type Column, table } from './table';

const COLUMNS: readonly Column[] = [
  { title: 'RECORD', align: 'right', drop: 3 },
  { title: 'WHEN' },
  { title: 'WHAT' },
  { title: 'STATE' },
  { title: 'WHO', min: 8, drop: 2 },
  { title: 'NOTE', min: 12, drop: 1 },
];

/** One line for each transition. */
export function trailTable({ entries }: Trail, columns: number, colors: Colors): string[] {
  const rows = entries.map((entry) => [
    String(entry.seq),
    entry.at,
    entry.op,
    stateOf(entry),
    oneLine(entry.by ?? entry.worker ?? ''),
    noteOf(entry),
  ]);
  return table(COLUMNS, rows, columns, colors.dim);
}

/** `pending → active`, or one word where nothing changed. */
function stateOf({ op, from, to }: TrailEntry): string {
  if (op === 'remove') return `${from ?? '?'} → gone`;
  if (from === to || from === undefined) return to ?? '';
  return `${from} → ${to ?? '?'}`;
}

function noteOf(entry: TrailEntry): string {
  const { attempt, cause, reason, error, progress, changes, operation } = entry;
  const notes = [
    attempt === undefined ? undefined : `attempt ${attempt}`,
    cause,
    reason,
    error && oneLine(error.message),
    progress === undefined ? undefined : `${Math.floor(progress)}%`,
    ...Object.entries(changes ?? {}).map(([name, { from, to }]) => `${name} ${shown(from)} → ${shown(to)}`),
    operation === undefined ? undefined : `change ${operation}`,
  ];
  return notes.filter((note) => note !== undefined).join(', ');
}

/** No value is a dash; what was before is not known where the history begins later. */
function shown(value: unknown): string {
  if (value === undefined) return '?';
  return value === null ? '-' : oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

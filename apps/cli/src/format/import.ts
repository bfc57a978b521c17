/**
 * What an import did, or would do, as lines.
 *
 * @module
 */
import type { FieldChange, ImportItem, ImportResult, Issue } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import { oneLine } from './safe';
import { type Column, table } from './table';
import { wrap } from './text';

const STATES = ['new', 'same', 'different', 'conflict', 'unknown'] as const;
const COLUMNS: Column[] = [
  { title: 'KIND', min: 6 },
  ...STATES.map((state): Column => ({ title: state.toUpperCase(), align: 'right' })),
];

/** A table of how many there are of each kind, and a line for each item that is not simply added or there. */
export function importLines({ kinds, items }: ImportResult, columns: number, colors: Colors): string[] {
  const rows = Object.entries(kinds).map(([kind, counts]) => [
    oneLine(kind),
    ...STATES.map((state) => String(counts[state])),
  ]);
  const lines = items.flatMap((item) => itemLines(item, colors)).flatMap((line) => wrap(line, columns, 4));
  return [...table(COLUMNS, rows, columns, colors.dim), ...(lines.length > 0 ? ['', ...lines] : [])];
}

/** A line for each fault of the items that are not valid. */
export function invalidLines({ items }: ImportResult, source: string): string[] {
  return items.flatMap(({ line, kind, name, issues = [] }) => {
    const what = kind === 'line' ? '' : ` (${oneLine(`${kind} ${name ?? ''}`.trim())})`;
    return issues.map((issue) => `${source}, line ${line}${what} ${faultOf(issue)}`);
  });
}

function itemLines({ kind, name, state, action, renamedTo, changes = [], reason }: ImportItem, c: Colors): string[] {
  const as = renamedTo === undefined ? '' : ` to ${renamedTo}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  const head = `${c.bold(oneLine(`${kind} ${name ?? ''}`.trim()))}  ${state}${why}; ${action}${as}`;
  return [head, ...changes.map((change) => `  ${changeOf(change, c)}`)];
}

function changeOf({ path, from, to }: FieldChange, c: Colors): string {
  const shown = (value: FieldChange['from']): string =>
    value === undefined ? '(nothing)' : oneLine(JSON.stringify(value));
  return `${pathOf(path)}: ${c.red(shown(from))} -> ${c.green(shown(to))}`;
}

function faultOf({ path, message }: Issue): string {
  return path.length === 0 ? message : `${pathOf(path)}: ${message}`;
}

function pathOf(path: readonly (string | number)[]): string {
  return oneLine(
    path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join(''),
  );
}

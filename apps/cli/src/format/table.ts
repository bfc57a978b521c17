/**
 * Tables that fit the terminal: a row is one line, always.
 *
 * @module
 */
import { cut, pad, width } from './text';

/** One column of a table. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** May be cut down to so many columns when the table is too wide; left out: never cut. */
  min?: number;
  /** Left out when even the cut columns do not fit; the highest number goes first. */
  drop?: number;
}

const GAP = 2;

/**
 * Lines of a table, its titles first. `limit` is the width in columns; Infinity cuts nothing.
 * `style` colours the line of titles.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  limit: number,
  style: (titles: string) => string = (titles) => titles,
): string[] {
  const natural = columns.map((column, i) => Math.max(width(column.title), ...rows.map((row) => width(row[i] ?? ''))));
  const shown = choose(columns, natural, limit);
  const widths = shrink(columns, natural, shown, limit);
  const line = (cells: readonly string[]): string =>
    cut(
      shown
        .map((i) => pad(cut(cells[i] ?? '', widths[i] ?? 0), widths[i] ?? 0, columns[i]?.align))
        .join(' '.repeat(GAP))
        .trimEnd(),
      limit,
    );
  return [style(line(columns.map((column) => column.title))), ...rows.map(line)];
}

function least(column: Column | undefined, natural: number): number {
  return Math.min(natural, column?.min ?? natural);
}

/** Drops columns until the rest fits at its least width. */
function choose(columns: readonly Column[], natural: readonly number[], limit: number): number[] {
  let shown = columns.map((_, i) => i);
  const needed = (): number =>
    shown.reduce((sum, i) => sum + least(columns[i], natural[i] ?? 0), 0) + GAP * (shown.length - 1);
  while (needed() > limit) {
    const dropped = shown
      .filter((i) => columns[i]?.drop !== undefined)
      .sort((a, b) => (columns[b]?.drop ?? 0) - (columns[a]?.drop ?? 0))[0];
    if (dropped === undefined) break;
    shown = shown.filter((i) => i !== dropped);
  }
  return shown;
}

/** Takes what is too much from the widest column that may be cut, until the line fits. */
function shrink(
  columns: readonly Column[],
  natural: readonly number[],
  shown: readonly number[],
  limit: number,
): number[] {
  const widths = [...natural];
  let over = shown.reduce((sum, i) => sum + (widths[i] ?? 0), 0) + GAP * (shown.length - 1) - limit;
  while (over > 0) {
    const widest = shown
      .filter((i) => (widths[i] ?? 0) > least(columns[i], natural[i] ?? 0))
      .sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

/**
 * Text that fits.
 *
 * @module
 */
import truncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns that a text takes on a terminal; colours take none. */
export function width(text: string): number {
  return stringWidth(text);
}

/** Cuts a text to so many columns, with an ellipsis; colours are kept and closed. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  // A wide character that stands across the edge may make the result one column too wide.
  for (let n = columns; n > 0; n -= 1) {
    const fitting = truncate(text, n);
    if (width(fitting) <= columns) return fitting;
  }
  return '';
}

/** Breaks a text into lines of so many columns; lines that follow are indented. Nothing of it is lost. */
export function wrap(text: string, columns: number, indent = 0): string[] {
  if (width(text) <= columns) return [text];
  const room = Math.max(1, columns - indent);
  const [first = '', ...rest] = wrapAnsi(text, room, { hard: true, trim: false }).split('\n');
  return [first, ...rest.map((line) => ' '.repeat(Math.min(indent, columns - 1)) + line)];
}

/** Pads a text with spaces to so many columns. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - width(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** `1 job`, `2 jobs`, `1,234 jobs`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}

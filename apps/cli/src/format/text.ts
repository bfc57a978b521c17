/**
 * Text that is safe to print and fits.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util';
import truncate from 'cli-truncate';
import stringWidth from 'string-width';

// Controls, also of escape sequences that were cut short, and marks that turn the direction of what follows: a server chooses a job's name, and must not
// be able to move the cursor, retitle the terminal or disguise a file's extension.
const UNSAFE = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Text from a job as one printable line: line breaks become spaces, controls disappear. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\r\n\t]+/g, ' ')
    .replace(UNSAFE, '')
    .trim();
}

/** Text from a job that may have several lines: controls disappear, line breaks stay. */
export function manyLines(text: string): string[] {
  return stripVTControlCharacters(text)
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/\t/g, '  ').replace(UNSAFE, ''));
}

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

/** Pads a text with spaces to so many columns. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - width(text)));
  return align === 'left' ? text + fill : fill + text;
}

/** `1 job`, `2 jobs`, `1,234 jobs`. */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}

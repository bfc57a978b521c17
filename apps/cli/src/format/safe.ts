/**
 * Text from jobs, made safe to print.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util';

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

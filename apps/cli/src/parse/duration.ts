/**
 * Durations as people write them: `90s`, `5m`, `1h30m`, `2 days`.
 *
 * @module
 */
import ms, { type StringValue } from 'ms';
import { UsageError } from '../errors';

const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)/gi;

/**
 * Milliseconds of a duration. A number without a unit is refused: nobody agrees on whether it counts seconds.
 * @throws UsageError
 */
export function parseDuration(text: string, what = 'duration'): number {
  const total = durationOf(text);
  if (total === undefined) {
    throw new UsageError(`${JSON.stringify(text)} is not a ${what}.`, 'Write it as 500ms, 90s, 5m, 1h30m, 2d or 1w.');
  }
  return total;
}

/** Milliseconds, or undefined when the text is not a duration. */
export function durationOf(text: string): number | undefined {
  const compact = text.trim();
  if (compact === '' || compact.replace(PART, '').trim() !== '') return undefined;
  let total = 0;
  for (const [part] of compact.matchAll(PART)) {
    const value = ms(part.replace(/\s+/g, '') as StringValue) as number | undefined;
    if (value === undefined || !Number.isFinite(value)) return undefined;
    total += value;
  }
  return Math.round(total);
}

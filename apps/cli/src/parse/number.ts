/**
 * Whole numbers inside bounds, for options.
 *
 * @module
 */
import { UsageError } from '../errors';

/**
 * A whole number from `min` to `max`.
 * @throws UsageError
 */
export function parseInteger(text: string, what: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
    throw new UsageError(`${what} must be a whole number ${range}, not ${JSON.stringify(text)}.`);
  }
  return value;
}

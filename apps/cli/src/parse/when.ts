/**
 * Points in time as people write them: ISO dates, and durations from now in either direction.
 *
 * @module
 */
import { UsageError } from '../errors';
import { durationOf } from './duration';

/** Whether a bare duration means the future (`--at 5m`) or the past (`--since 5m`). */
export type Direction = 'future' | 'past';

const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;
const ISO_LIKE = /^\d{4}-\d{2}(-\d{2})?([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * Epoch milliseconds of `2026-12-24`, `2026-12-24T18:00`, `2026-12-24T18:00:00Z`, `now`, `5m`, `in 5m`, `+5m`, `5m ago` or `-5m`.
 * Dates without a zone are local, also those without a time (ECMAScript would take them as UTC).
 * @throws UsageError
 */
export function parseWhen(text: string, now: number, direction: Direction): number {
  const trimmed = text.trim();
  if (/^now$/i.test(trimmed)) return now;
  const relative = /^(in\s+|\+|-)?(.*?)(\s+ago)?$/i.exec(trimmed);
  const duration = relative === null ? undefined : durationOf(relative[2] ?? '');
  if (relative !== null && duration !== undefined) {
    const sign = relative[1]?.trim().toLowerCase();
    const past = sign === '-' || relative[3] !== undefined || (sign === undefined && direction === 'past');
    return past ? now - duration : now + duration;
  }
  const at = ISO_LIKE.test(trimmed) ? Date.parse(DATE_ONLY.test(trimmed) ? `${trimmed}T00:00` : trimmed) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new UsageError(
      `${JSON.stringify(text)} is not a point in time.`,
      direction === 'future'
        ? 'Write 2026-12-24T18:00, or "in 5m".'
        : 'Write 2026-12-24T18:00, or "5m" for five minutes ago.',
    );
  }
  return at;
}

import { describe, expect, it } from 'vitest';
import { task } from '../test/rig';
import { RetryAtError, UnrecoverableError } from './errors';
import type { Job } from './job';
import { retryDelay } from './retry-delay';

const processor = task('a', () => 1, { defaults: { backoff: (attempt: number) => attempt * 100 } });
const now = Date.parse('2025-01-30T12:00:00Z');

function delay(error: unknown, job: Partial<Job> = {}): number | undefined {
  const failed = { attempt: 2, metadata: { retries: 1, progress: 0, logs: [], errors: [] }, ...job } as Job;
  return retryDelay(failed, processor, error, now, (fault) => {
    throw fault;
  });
}

describe('retryDelay', () => {
  it("takes the job's backoff before its processor's", () => {
    expect(delay(new Error('x'))).toBe(200);
    expect(delay(new Error('x'), { backoff: { type: 'fixed', delay: 7 } })).toBe(7);
  });

  it('does not count crashes as failures', () => {
    const metadata = { retries: 4, progress: 0, logs: [], errors: [], crashes: 3 };
    expect(delay(new Error('x'), { attempt: 5, metadata })).toBe(200);
  });

  it('is none after an unrecoverable error', () => {
    expect(delay(new UnrecoverableError('x'))).toBeUndefined();
  });

  it('obeys a RetryAtError, within what a date can hold', () => {
    expect(delay(new RetryAtError(now + 5_000, 'x'))).toBe(5_000);
    expect(delay(new RetryAtError(now - 5_000, 'x'))).toBe(0);
    expect(delay(new RetryAtError(Number.MAX_VALUE, 'x'))).toBe(3_155_760_000_000);
  });

  it('falls back on the backoff when the time of a RetryAtError is none', () => {
    expect(delay(new RetryAtError(new Date('never'), 'x'))).toBe(200);
  });
});

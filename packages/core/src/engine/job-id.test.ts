import { describe, expect, it } from 'vitest';
import { newJobId } from './job-id';
import { isSafeId } from './safe-id';

const NOW = Date.parse('2025-01-30T23:59:59.999Z');

describe('newJobId', () => {
  it('is a date and a UUID of version 7 (RFC 9562 §5.7) of that moment', () => {
    const id = newJobId(NOW);
    expect(id).toMatch(/^job_2025-01-30_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.slice(15).replace('-', '').slice(0, 12), 16)).toBe(NOW);
    expect(isSafeId(id)).toBe(true);
  });

  it('follows the date', () => {
    expect(newJobId(NOW + 1)).toMatch(/^job_2025-01-31_/);
    expect(newJobId(NOW)).toMatch(/^job_2025-01-30_/);
  });

  it('never comes twice', () => {
    expect(new Set(Array.from({ length: 100_000 }, () => newJobId(NOW))).size).toBe(100_000);
  });
});

import { describe, expect, it } from 'vitest';
import { shortId, shortIds } from './ids';

const A = 'job_2026-11-23_019ab000-0000-7000-8000-00000000aaaa';
const B = 'job_2026-11-23_019ab000-0000-7000-8000-00000001aaaa';
const C = 'job_2026-11-23_019ab000-0000-7000-8001-00000001aaaa';

describe('shortIds', () => {
  it('takes the last eight characters, and more where they do not tell two jobs apart', () => {
    expect(shortIds([A, B])).toEqual(
      new Map([
        [A, '0000aaaa'],
        [B, '0001aaaa'],
      ]),
    );
    const short = shortIds([A, B, C]);
    expect(new Set(short.values()).size).toBe(3);
    for (const [id, form] of short) expect(id.endsWith(form)).toBe(true);
  });

  it('leaves ids that a person chose as they are', () => {
    expect(shortId('nightly-backup')).toBe('nightly-backup');
  });
});

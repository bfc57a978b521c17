import { describe, expect, it } from 'vitest';
import { backoffDelay, boundedWait, DEFAULT_BACKOFF, delayOf } from './backoff';

/** Park and Miller's generator: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const waits = (backoff: Parameters<typeof backoffDelay>[0], count: number, random?: () => number): number[] =>
  Array.from({ length: count }, (_, i) => backoffDelay(backoff, i + 1, random));

describe('backoffDelay', () => {
  it('stays the same when fixed', () => {
    expect(waits({ type: 'fixed', delay: 250 }, 3)).toEqual([250, 250, 250]);
  });

  it('doubles when exponential, up to an hour', () => {
    expect(waits({ type: 'exponential', delay: 1_000 }, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(backoffDelay({ type: 'exponential', delay: 1_000 }, 1_000)).toBe(3_600_000);
  });

  it('grows by its own factor up to its own bound', () => {
    expect(waits({ type: 'exponential', delay: 100, factor: 3, max: 2_000 }, 5)).toEqual([100, 300, 900, 2_000, 2_000]);
    expect(waits({ type: 'fixed', delay: 500, max: 200 }, 1)).toEqual([200]);
  });

  it('never overflows, whatever the numbers', () => {
    expect(backoffDelay({ type: 'exponential', delay: 1e15, factor: 100, max: Number.MAX_SAFE_INTEGER }, 1_000)).toBe(
      3_155_760_000_000,
    );
    expect(backoffDelay({ type: 'exponential', delay: 0, factor: 100 }, 1_000)).toBe(0);
  });

  it('takes a random share off, so that jobs that failed together do not come back together', () => {
    const random = seeded(20_250_130);
    const half = Array.from({ length: 1_000 }, () =>
      backoffDelay({ type: 'fixed', delay: 1_000, jitter: 0.5 }, 1, random),
    );
    expect(Math.min(...half)).toBeGreaterThanOrEqual(500);
    expect(Math.min(...half)).toBeLessThan(510);
    expect(Math.max(...half)).toBeLessThanOrEqual(1_000);
    expect(Math.max(...half)).toBeGreaterThan(990);
    const full = Array.from({ length: 1_000 }, () =>
      backoffDelay({ type: 'fixed', delay: 1_000, jitter: 1 }, 1, random),
    );
    expect(Math.min(...full)).toBeLessThan(10);
    expect(new Set(full).size).toBeGreaterThan(500);
  });

  it('is by default 1 s, 2 s, 4 s with a fifth of jitter', () => {
    expect(waits(DEFAULT_BACKOFF, 3, () => 0)).toEqual([1_000, 2_000, 4_000]);
    expect(waits(DEFAULT_BACKOFF, 3, () => 0.5)).toEqual([900, 1_800, 3_600]);
  });
});

describe('delayOf', () => {
  const none = (fault: unknown): void => {
    throw fault;
  };

  it('asks a function, with the number of failures and the error', () => {
    const error = new Error('busy');
    const seen: unknown[] = [];
    const backoff = (attempt: number, cause: unknown): number => {
      seen.push(attempt, cause);
      return attempt * 7.4;
    };
    expect(delayOf(backoff, 2, error, none)).toBe(15);
    expect(seen).toEqual([2, error]);
    expect(delayOf(() => -5, 1, error, none)).toBe(0);
  });

  it('falls back on the default when the function throws or gives no number', () => {
    const faults: unknown[] = [];
    const broken = new Error('broken');
    const throwing = (): number => {
      throw broken;
    };
    expect(
      delayOf(
        throwing,
        2,
        undefined,
        (fault) => faults.push(fault),
        () => 0,
      ),
    ).toBe(2_000);
    expect(
      delayOf(
        () => Number.NaN,
        1,
        undefined,
        (fault) => faults.push(fault),
        () => 0,
      ),
    ).toBe(1_000);
    expect(
      delayOf(
        () => 'soon' as unknown as number,
        1,
        undefined,
        (fault) => faults.push(fault),
        () => 0,
      ),
    ).toBe(1_000);
    expect(faults[0]).toBe(broken);
    expect(faults.slice(1).map(String)).toEqual([
      expect.stringContaining('gave NaN'),
      expect.stringContaining('gave soon'),
    ]);
  });
});

describe('boundedWait', () => {
  it.each([
    [-1, 0],
    [1.6, 2],
    [8.64e15, 3_155_760_000_000],
  ])('makes %d to %d', (ms, wait) => expect(boundedWait(ms)).toBe(wait));
});

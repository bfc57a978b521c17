import { describe, expect, it } from 'vitest';
import { Random } from './random';

const draw = (seed: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: 1_000 }, () => random.int(3, 7));
};

describe('Random', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('takes every value of a range, its ends included, about equally often', () => {
    const counts = new Map<number, number>();
    for (const n of draw(42)) counts.set(n, (counts.get(n) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([3, 4, 5, 6, 7]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(150);
  });

  it('picks of a list, and refuses an empty one', () => {
    const random = new Random(7);
    expect(['a', 'b']).toContain(random.pick(['a', 'b']));
    expect(random.some([1, 2, 3], 1)).toEqual([1, 2, 3]);
    expect(random.some([1, 2, 3], 0)).toEqual([]);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});

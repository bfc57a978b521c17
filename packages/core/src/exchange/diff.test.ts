import { describe, expect, it } from 'vitest';
import { diff } from './diff';

describe('the difference', () => {
  it('is told field by field', () => {
    const from = { a: 1, b: { c: [1, 2], gone: null }, same: { x: 1, y: 2 } };
    const to = { b: { c: [1, 3, 4] }, a: 1, same: { y: 2, x: 1 }, new: false };
    expect(diff(from, to)).toEqual([
      { path: ['b', 'c', 1], from: 2, to: 3 },
      { path: ['b', 'c', 2], to: 4 },
      { path: ['b', 'gone'], from: null },
      { path: ['new'], to: false },
    ]);
  });

  it('is none between equal values, and of the whole between unlike ones', () => {
    expect(diff({ a: [{}] }, { a: [{}] })).toEqual([]);
    expect(diff([], {})).toEqual([{ path: [], from: [], to: {} }]);
    expect(diff({}, { ['__proto__']: 1 })).toEqual([{ path: ['__proto__'], to: 1 }]);
  });

  it('is bounded in what it shows', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]));
    expect(diff({}, many)).toHaveLength(20);
    expect(String(diff('', 'x'.repeat(1_000_000))[0]?.to)).toHaveLength(201);
  });
});

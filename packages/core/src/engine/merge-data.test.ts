import { describe, expect, it } from 'vitest';
import type { Json } from '../job';
import { mergeData } from './merge-data';

describe('mergeData', () => {
  // RFC 7396, appendix A.
  const cases: [target: Json, patch: Json, result: Json][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of cases) {
    it(`${JSON.stringify(target)} and ${JSON.stringify(patch)} are ${JSON.stringify(result)}`, () => {
      expect(mergeData(target, patch)).toEqual(result);
    });
  }

  it('joins two lists, unlike the RFC', () => {
    expect(mergeData([1, { a: 1 }], [{ a: 2 }, null])).toEqual([1, { a: 1 }, { a: 2 }, null]);
  });

  it('takes __proto__ for the name that it is', () => {
    const merged = mergeData({ a: 1 }, JSON.parse('{"__proto__":{"polluted":true}}') as Json);
    expect(JSON.stringify(merged)).toBe('{"a":1,"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

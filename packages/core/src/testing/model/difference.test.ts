import { describe, expect, it } from 'vitest';
import { difference, withoutTimes } from './difference';

describe('difference', () => {
  it.each([
    [1, 1],
    [null, null],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [{ a: undefined }, {}],
    [{ constructor: 1 }, { constructor: 1 }],
  ])('is none between %j and %j', (expected, actual) => {
    expect(difference(expected, actual)).toBeUndefined();
  });

  it.each([
    [1, 2, 'it is 2, and should be 1'],
    [null, {}, 'it is {}, and should be null'],
    [{ a: 1 }, {}, 'a is absent, and should be 1'],
    [{}, { a: null }, 'a is null, and should be absent'],
    [{ constructor: 1 }, {}, 'constructor is absent, and should be 1'],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, 'a[0].b is 2, and should be 1'],
    [[1], [1, 2], 'it is [1,2], and should be [1]'],
    [[], {}, 'it is {}, and should be []'],
  ])('between %j and %j says where it is, and what', (expected, actual, sentence) => {
    expect(difference(expected, actual)).toBe(sentence);
  });

  it('names the whole by its name', () => {
    expect(difference(1, 2, 'counts.pending')).toBe('counts.pending is 2, and should be 1');
  });
});

describe('withoutTimes', () => {
  it('leaves out fields that tell a time, however deep', () => {
    const job = { id: 'a', created: '2025', metadata: { errors: [{ at: '2025', name: 'Error' }] } };
    expect(withoutTimes(job)).toEqual({ id: 'a', metadata: { errors: [{ name: 'Error' }] } });
  });
});

import { describe, expect, it } from 'vitest';
import { parseContentRange } from './range';

describe('parseContentRange', () => {
  it('reads a range with its total', () => {
    expect(parseContentRange('bytes 5-9/10')).toEqual({ range: { first: 5, last: 9 }, total: 10 });
    expect(parseContentRange(' Bytes 0 - 0 / 1 ')).toEqual({ range: { first: 0, last: 0 }, total: 1 });
  });

  it('reads an unknown total, and the total alone', () => {
    expect(parseContentRange('bytes 5-9/*')).toEqual({ range: { first: 5, last: 9 } });
    expect(parseContentRange('bytes */10')).toEqual({ total: 10 });
  });

  it.each([
    undefined,
    '',
    'bytes',
    'bytes 9-5/10',
    'bytes 5-10/10',
    'bytes */*',
    'items 0-1/2',
    'bytes -1-5/10',
    'bytes 0-1/2x',
    'bytes 1e3-2e3/9e9',
  ])('refuses %j', (header) => {
    expect(parseContentRange(header)).toBeUndefined();
  });
});

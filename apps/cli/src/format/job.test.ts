import { describe, expect, it } from 'vitest';
import { detailOf, titleOf } from './job';

describe('titleOf', () => {
  it.each([
    [{ url: 'https://example.org/dir/a%20b.iso?x=1' }, 'a b.iso'],
    [{ url: 'https://example.org/' }, 'example.org'],
    [{ url: 'https://ann:secret@example.org/' }, 'example.org'],
    [{ url: 'https://example.org/%E0%A4%A' }, '%E0%A4%A'],
    [{ url: 'https://example.org/a', file: 'mine.iso' }, 'mine.iso'],
    [{ name: 'x\u001b[31m\ny' }, 'x y'],
    [{ n: 1 }, '{"n":1}'],
    [{}, ''],
    [null, ''],
    ['text', '"text"'],
  ])('%j is %j', (data, title) => {
    expect(titleOf({ data })).toBe(title);
  });
});

describe('detailOf', () => {
  it.each([
    [{ bytes: 12_300_000, total: 27_000_000, speed: 3_200_000, etaSeconds: 4.6 }, '12.3 MB / 27 MB  3.2 MB/s  ETA 5s'],
    [{ bytes: 12_300_000 }, '12.3 MB'],
    [{ bytes: 5, total: 0, speed: 0, etaSeconds: 0 }, '5 B'],
    [{ bytes: Number.NaN, speed: -1 }, ''],
    [{ step: 2, of: 'many', deep: { x: 1 } }, 'step 2  of many'],
    ['page 3', 'page 3'],
    [undefined, ''],
    [[1], ''],
  ])('%j is %j', (detail, text) => {
    expect(detailOf(detail)).toBe(text);
  });
});

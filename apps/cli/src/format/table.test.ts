import { describe, expect, it } from 'vitest';
import { type Column, table } from './table';
import { width } from './text';

const COLUMNS: Column[] = [
  { title: 'ID', min: 4 },
  { title: 'STATE' },
  { title: 'N', align: 'right', drop: 2 },
  { title: 'NOTE', min: 6, drop: 1 },
];
const ROWS = [
  ['abcdefgh', 'failed', '1', 'connection reset by peer'],
  ['日本語日本語', 'ok', '1000', ''],
];

describe('table', () => {
  it('aligns columns, cuts nothing without a limit, and ends no line with blanks', () => {
    expect(table(COLUMNS, ROWS, Number.POSITIVE_INFINITY)).toEqual([
      'ID            STATE      N  NOTE',
      'abcdefgh      failed     1  connection reset by peer',
      '日本語日本語  ok      1000',
    ]);
  });

  it('cuts what may be cut, then drops what may be dropped, the highest first', () => {
    expect(table(COLUMNS, ROWS, 32)).toEqual([
      'ID        STATE      N  NOTE',
      'abcdefgh  failed     1  connect…',
      '日本語…   ok      1000',
    ]);
    expect(table(COLUMNS, ROWS, 20)[0]).toBe('ID    STATE   NOTE');
    expect(table(COLUMNS, ROWS, 12)[0]).toBe('ID    STATE');
  });

  it('is never wider than it may be', () => {
    for (let limit = 1; limit <= 60; limit += 1) {
      for (const line of table(COLUMNS, ROWS, limit)) expect(width(line), line).toBeLessThanOrEqual(limit);
    }
  });
});

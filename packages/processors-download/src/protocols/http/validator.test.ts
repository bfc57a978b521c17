import { describe, expect, it } from 'vitest';
import { parseHttpDate, strongValidator } from './validator';

const modified = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('strongValidator', () => {
  it('prefers a strong entity tag', () => {
    expect(strongValidator({ etag: '"abc"', 'last-modified': modified, date: modified })).toBe('"abc"');
    expect(strongValidator({ etag: '""' })).toBe('""');
  });

  it.each(['W/"abc"', 'w/"abc"', 'abc', '"', '"a"b"', ''])('never takes the entity tag %j', (etag) => {
    expect(strongValidator({ etag })).toBeUndefined();
  });

  it('takes the date of a file that had not changed for a minute when the response was made', () => {
    const headers = { etag: 'W/"abc"', 'last-modified': modified };
    expect(strongValidator({ ...headers, date: 'Sun, 06 Nov 1994 08:50:37 GMT' })).toBe(modified);
    expect(strongValidator({ ...headers, date: 'Sun, 06 Nov 1994 08:50:36 GMT' })).toBeUndefined();
    expect(strongValidator(headers)).toBeUndefined();
    expect(strongValidator({ 'last-modified': 'yesterday', date: modified })).toBeUndefined();
  });
});

describe('parseHttpDate', () => {
  it('reads the three forms of RFC 9110', () => {
    const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
    expect(parseHttpDate(modified)).toBe(expected);
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(expected);
    expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toBe(expected);
  });

  it.each(['', '120', 'tomorrow', '1994-11-06', 'Sun, 99 Nov 1994 08:49:37 GMT'])('refuses %j', (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { callerHeaders, headerFault, publicHeaders } from './headers';

describe('headerFault', () => {
  it.each([
    ['Authorization', 'Bearer x'],
    ['x-api-key', 'caf\u00e9'],
    ['X', ''],
  ])('accepts %s: %s', (name, value) => {
    expect(headerFault(name, value)).toBeUndefined();
  });

  it.each([
    ['a b', 'x'],
    ['a:', 'x'],
    ['', 'x'],
    ['a', 'x\ry'],
    ['a', 'x\ny'],
    ['a', 'x\0y'],
    ['a', '\u2028'],
    ['Host', 'x'],
    ['RANGE', 'bytes=0-1'],
    ['Transfer-Encoding', 'chunked'],
  ])('refuses %j: %j, without quoting the value', (name, value) => {
    const fault = headerFault(name, value);
    expect(fault).toBeTypeOf('string');
    if (value.length > 2) expect(fault).not.toContain(value);
  });
});

describe('callerHeaders', () => {
  it('makes basic authentication of the credentials in the URL', () => {
    const headers = callerHeaders({}, new URL('http://ann:p%40ss%C3%A9@host/'));
    expect(headers.get('authorization')).toBe(`Basic ${Buffer.from('ann:p@ssé').toString('base64')}`);
  });

  it('prefers an Authorization that the caller gave', () => {
    expect(callerHeaders({ AUTHORIZATION: 'Bearer x' }, new URL('http://ann:pw@host/')).get('authorization')).toBe(
      'Bearer x',
    );
  });
});

describe('publicHeaders', () => {
  it('keeps nothing that might be a secret', () => {
    const all = new Map([
      ['accept-language', 'de'],
      ['authorization', 'x'],
      ['cookie', 'x'],
      ['x-anything', 'x'],
    ]);
    expect([...publicHeaders(all).keys()]).toEqual(['accept-language']);
  });
});

import { describe, expect, it } from 'vitest';
import { ValidationError } from './errors';
import { jsonOf, toJson, toShownJson } from './json';

describe('jsonOf', () => {
  it.each([
    [null, null],
    ['text', 'text'],
    [false, false],
    [1.5, 1.5],
    [Number.NaN, null],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [{ a: undefined, b: [undefined, 1] }, { b: [null, 1] }],
    ['\ud800', '\ud800'],
  ])('follows the rules of JSON.stringify: %j', (value, json) => {
    expect(jsonOf(value, [])).toEqual({ json });
  });

  it('returns a copy', () => {
    const value = { list: [1] };
    const result = jsonOf(value, []) as { json: typeof value };
    value.list.push(2);
    expect(result.json).toEqual({ list: [1] });
  });

  it('keeps a key named __proto__ as data', () => {
    const result = jsonOf(JSON.parse('{"__proto__":{"admin":true}}'), []) as { json: object };
    expect(Object.keys(result.json)).toEqual(['__proto__']);
    expect((result.json as { admin?: boolean }).admin).toBeUndefined();
  });

  it('finds a BigInt', () => {
    expect(jsonOf({ sizes: [1, { bytes: 2n }] }, ['data'])).toEqual({
      issue: { path: ['data', 'sizes', 1, 'bytes'], message: 'is not JSON but a BigInt; pass a number or a text' },
    });
  });

  it('finds a cycle, and takes a value that merely appears twice', () => {
    const shared = { a: 1 };
    const value: Record<string, unknown> = { one: shared, two: shared };
    expect(jsonOf(value, [])).toHaveProperty('json');
    value.self = { up: value };
    expect(jsonOf(value, ['result'])).toEqual({
      issue: { path: ['result', 'self', 'up'], message: 'is not JSON: it contains itself' },
    });
  });

  it.each([undefined, () => 1, Symbol('x')])('refuses %s as a whole value', (value) => {
    expect(jsonOf(value, ['data'])).toMatchObject({ issue: { path: ['data'] } });
  });

  it('tells what a throwing toJSON said', () => {
    const value = {
      toJSON() {
        throw new Error('no thanks');
      },
    };
    expect(jsonOf(value, ['data'])).toEqual({ issue: { path: ['data'], message: 'is not JSON: no thanks' } });
  });

  it('survives a value nested deeper than the stack', () => {
    let value: unknown = 1;
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(jsonOf(value, ['data'])).toMatchObject({ issue: { path: ['data'] } });
  });
});

describe('toJson', () => {
  it('throws a ValidationError that names the place', () => {
    expect(() => toJson('The checkpoint', 'checkpoint', { at: 1n })).toThrow(ValidationError);
    expect(() => toJson('The checkpoint', 'checkpoint', { at: 1n })).toThrow(
      /checkpoint\.at: is not JSON but a BigInt/,
    );
  });
});

describe('toShownJson', () => {
  it('shows what was wrong instead of throwing', () => {
    expect(toShownJson({ a: 1 })).toEqual({ a: 1 });
    expect(toShownJson(1n)).toBe('[is not JSON but a BigInt; pass a number or a text]');
  });
});

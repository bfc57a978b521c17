import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { clip, codeOf, describeFailure, MAX_MESSAGE_BYTES, MAX_STACK_BYTES } from './failure';

const bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('describeFailure', () => {
  it('keeps name, message, code and stack of an error', () => {
    const error = Object.assign(new TypeError('no such host'), { code: 'ENOTFOUND' });
    expect(describeFailure(error)).toEqual({
      name: 'TypeError',
      message: 'no such host',
      code: 'ENOTFOUND',
      stack: error.stack,
    });
  });

  it('adds the stacks of the causes', () => {
    const root = new RangeError('root');
    const { stack } = describeFailure(new Error('outer', { cause: new Error('middle', { cause: root }) }));
    expect(stack).toMatch(/^Error: outer\n[\s\S]*\nCaused by: Error: middle\n[\s\S]*\nCaused by: RangeError: root\n/);
  });

  it('stops at causes that form a circle, and shows causes that are no errors', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeFailure(error).stack?.split('Caused by').length).toBe(6);
    expect(describeFailure(new Error('x', { cause: { status: 503 } })).stack).toMatch(/Caused by: \{"status":503\}$/);
  });

  it('caps huge messages and stacks at whole characters', () => {
    const failure = describeFailure(new Error('😀'.repeat(100_000)));
    expect(bytes(failure.message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    expect(bytes(failure.message)).toBeGreaterThan(MAX_MESSAGE_BYTES - 10);
    expect(failure.message).toMatch(/^(?:😀)+…$/u);
    expect(bytes(failure.stack ?? '')).toBeLessThanOrEqual(MAX_STACK_BYTES);
  });

  it.each([
    ['a text', 'plain text', { name: 'NonError', message: 'plain text' }],
    ['undefined', undefined, { name: 'NonError', message: 'The handler threw undefined.' }],
    ['null', null, { name: 'NonError', message: 'The handler threw null.' }],
    ['a number', 42, { name: 'NonError', message: 'The handler threw 42.' }],
    ['a symbol', Symbol('x'), { name: 'NonError', message: 'The handler threw Symbol(x).' }],
    ['an object', { status: 500 }, { name: 'NonError', message: '{"status":500}' }],
    [
      'an object like an error',
      { name: 'HttpError', message: 'gone', code: 410 },
      { name: 'HttpError', message: 'gone', code: '410' },
    ],
    ['a null-prototype object', Object.create(null), { name: 'NonError', message: '{}' }],
  ])('describes %s', (_name, thrown, failure) => {
    expect(describeFailure(thrown)).toEqual(failure);
  });

  it('describes an object that contains itself', () => {
    const thrown: Record<string, unknown> = {};
    thrown.self = thrown;
    expect(describeFailure(thrown)).toEqual({ name: 'NonError', message: '[object Object]' });
  });

  it('describes an error of another realm', () => {
    expect(describeFailure(runInNewContext('new RangeError("far away")'))).toMatchObject({
      name: 'RangeError',
      message: 'far away',
    });
  });

  it('survives what throws when it is touched', () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('hands off');
        },
        getPrototypeOf() {
          throw new Error('hands off');
        },
      },
    );
    expect(describeFailure(hostile)).toEqual({
      name: 'NonError',
      message: 'The handler threw something that cannot be read.',
    });
    const error = new Error('fine');
    Object.defineProperty(error, 'message', {
      get() {
        throw hostile;
      },
    });
    expect(describeFailure(error).name).toBe('NonError');
  });
});

describe('codeOf', () => {
  it('reads texts and numbers only', () => {
    expect(codeOf({ code: 'EIO' })).toBe('EIO');
    expect(codeOf({ code: 7 })).toBe('7');
    expect(codeOf({ code: {} })).toBeUndefined();
    expect(codeOf(undefined)).toBeUndefined();
  });
});

describe('clip', () => {
  it('leaves alone what fits exactly', () => {
    expect(clip('é'.repeat(50), 100)).toBe('é'.repeat(50));
    expect(clip('é'.repeat(51), 100)).toBe(`${'é'.repeat(48)}…`);
  });
});

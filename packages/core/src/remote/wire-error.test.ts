import { describe, expect, it } from 'vitest';
import * as errors from '../errors';
import { MessageTooLargeError } from './channel';
import { fromWire, toWire } from './wire-error';

const overTheWire = (error: unknown): errors.LeviathanError => fromWire(JSON.parse(JSON.stringify(toWire(error))));

describe('errors on the wire', () => {
  const samples = [
    new errors.ValidationError('The job', [{ path: ['data', 'urls', 0], message: 'is no URL' }]),
    new errors.UnknownTypeError('x', ['a', 'b']),
    new errors.DuplicateJobError('job_1', 'key', 'k'),
    new errors.CycleError(['a', 'b', 'a']),
    new errors.JobTooLargeError('The data', 20, 10),
    new errors.JobNotFoundError('x'),
    new errors.JobStateError('x', 'it runs'),
    new errors.JobFailedError('x', 'timeout', 'too slow'),
    new errors.StoreClosedError(),
    new errors.StoreWriteError('disk full', Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    new errors.StoreFormatError('9', '1'),
    new errors.ConnectionError('gone'),
    new errors.UnsupportedError('redis', 'move'),
    new MessageTooLargeError(2, 1),
  ];

  it.each(samples.map((error) => [error.name, error] as const))(
    '%s arrives as the same class with all it says',
    (_name, error) => {
      const arrived = overTheWire(error);
      expect(arrived).toBeInstanceOf(error.constructor);
      expect(arrived).toBeInstanceOf(Error);
      const { stack: _a, cause: _b, ...said } = { ...error, name: error.name, message: error.message };
      expect(arrived).toMatchObject(said);
    },
  );

  it('keeps the code of the cause', () => {
    const arrived = overTheWire(samples.find(({ code }) => code === 'WRITE_FAILED'));
    expect(arrived.cause).toBeInstanceOf(Error);
    expect(arrived.cause).toMatchObject({ name: 'Error', message: 'no space', code: 'ENOSPC' });
  });

  it('tells of an error that is none of ours, without its stack', () => {
    const wire = toWire(new TypeError('x is not a function'));
    expect(JSON.stringify(wire)).not.toContain('wire-error.test');
    expect(fromWire(wire)).toMatchObject({ code: 'INTERNAL', message: 'TypeError: x is not a function' });
    expect(overTheWire('a thrown text')).toMatchObject({ code: 'INTERNAL', message: 'Error: a thrown text' });
  });

  it('takes a code that it does not know, if only one that every object has', () => {
    for (const code of ['FROM_THE_FUTURE', 'constructor', '__proto__']) {
      expect(fromWire({ code, message: 'm' })).toBeInstanceOf(errors.StoreError);
      expect(fromWire({ code, message: 'm' })).toMatchObject({ code, message: 'm' });
    }
  });
});

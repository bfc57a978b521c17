import { StoreError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { expect, it } from 'vitest';
import { ErrorDesk } from './error-desk';
import { systemError } from './testing/faults';

it('tells each kind of error once per minute', async () => {
  const clock = new FakeClock();
  const heard: unknown[] = [];
  const desk = new ErrorDesk(clock, (error) => heard.push(error));
  const cause = systemError('ENOSPC', 'write');
  for (let i = 0; i < 3; i++) desk.report('write', `File ${i} cannot be written`, cause);
  desk.report('write', 'File 9 cannot be written', systemError('EACCES', 'open'));
  desk.report('read', 'File 9 cannot be read', cause);
  expect(heard).toEqual([
    new StoreError('FOLDERS', 'File 0 cannot be written: ENOSPC: injected, write', { cause }),
    expect.objectContaining({ message: expect.stringMatching(/File 9 cannot be written: EACCES/) }),
    expect.objectContaining({ message: expect.stringMatching(/File 9 cannot be read: ENOSPC/) }),
  ]);
  await clock.advance(60_000);
  desk.report('write', 'File 4 cannot be written', cause);
  expect(heard).toHaveLength(4);
});

it('does not mind listeners that throw, or that are not there', () => {
  const clock = new FakeClock();
  const throwing = new ErrorDesk(clock, () => {
    throw new Error('listener');
  });
  expect(() => throwing.report('a', 'b', 'c')).not.toThrow();
  expect(() => new ErrorDesk(clock, undefined).report('a', 'b', new Error('c'))).not.toThrow();
});

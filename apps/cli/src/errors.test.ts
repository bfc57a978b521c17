import { describe, expect, it } from 'vitest';
import { CliError, report, UsageError } from './errors';
import { EXIT, EXIT_MEANINGS, exitCodeHelp } from './exit-codes';

describe('report', () => {
  it('keeps what the command itself raised', () => {
    expect(report(new UsageError('What?', 'Like this.'))).toEqual({
      code: 'USAGE',
      exitCode: 2,
      message: 'What?',
      hint: 'Like this.',
    });
    expect(report(new CliError('TIMEOUT', 124, 'Too long.'))).toEqual({
      code: 'TIMEOUT',
      exitCode: 124,
      message: 'Too long.',
    });
  });

  it.each([
    ['INVALID', EXIT.usage],
    ['UNKNOWN_TYPE', EXIT.usage],
    ['CYCLE', EXIT.usage],
    ['NOT_FOUND', EXIT.notFound],
    ['STATE', EXIT.conflict],
    ['DUPLICATE', EXIT.conflict],
    ['FORMAT', EXIT.conflict],
    ['OWNER_SILENT', EXIT.conflict],
    ['NOT_OWNER', EXIT.conflict],
    ['NOT_A_FOLDER', EXIT.usage],
    ['NO_STORE', EXIT.notFound],
    ['CONFIG', EXIT.usage],
    ['DAMAGED', EXIT.corrupt],
    ['JOB_FAILED', EXIT.jobFailed],
    ['WRITE_FAILED', EXIT.failure],
  ])('knows the code %s by name, from whichever copy of core it comes', (code, exitCode) => {
    expect(report(Object.assign(new Error('m'), { code }))).toMatchObject({ code, exitCode });
  });

  it('finds the advice in the cause', () => {
    const cause = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const error = Object.assign(new Error('Cannot write.', { cause }), { code: 'WRITE_FAILED' });
    expect(report(error)).toMatchObject({
      code: 'WRITE_FAILED',
      hint: expect.stringContaining('disk is full'),
      exitCode: 1,
    });
  });

  it('survives what is no error, and causes that go in a circle', () => {
    expect(report('thrown text')).toMatchObject({ code: 'ERROR', message: 'thrown text', exitCode: 1 });
    expect(report(undefined)).toMatchObject({ code: 'ERROR', exitCode: 1 });
    const circle = new Error('round');
    circle.cause = circle;
    expect(report(circle)).toMatchObject({ message: 'round', exitCode: 1 });
  });
});

it('tells the meaning of every exit code in the help', () => {
  expect(EXIT_MEANINGS.map(([code]) => code)).toEqual(Object.values(EXIT));
  for (const code of Object.values(EXIT)) expect(exitCodeHelp()).toMatch(new RegExp(`^ +${code} `, 'm'));
});

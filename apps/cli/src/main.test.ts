import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError, StoreFormatError, StoreWriteError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { version } from '../package.json';
import { EXIT_MEANINGS } from './exit-codes';
import { TestCli } from './testing/cli';

describe('help and version', () => {
  it('prints the version, and help for the program and each command, on stdout', async () => {
    const cli = new TestCli();
    expect(await cli.run(['--version'])).toMatchObject({ code: 0, out: `${version}\n`, err: '' });
    const help = await cli.run(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    const commands = [...help.out.matchAll(/^ {2}([a-z]+)(?:\|\w+)? .*/gm)].map(([, name]) => name ?? '');
    expect(commands).toEqual(expect.arrayContaining(['add', 'list', 'watch', 'work', 'doctor', 'completion']));
    expect(help.out).not.toContain('__complete');
    for (const [code, meaning] of EXIT_MEANINGS)
      expect(help.out).toMatch(new RegExp(`^ +${code} +${meaning.replace(/[()]/g, '\\$&')}$`, 'm'));
    const sub = await cli.run(['list', '--help']);
    expect(sub.out).toMatch(/--status.*\n(.*\n)*Global Options:\n(.*\n)* +--root/);
  });

  it('prints the help on stderr, with exit code 2, when nothing was asked for', async () => {
    expect(await new TestCli().run([])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('Usage: leviathan'),
    });
  });
});

describe('wrong usage', () => {
  it('names the command that was meant, and runs nothing', async () => {
    const { code, out, err } = await new TestCli().run(['lsit']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/unknown command 'lsit'\nhint: Did you mean list\?/);
  });

  it('is told as JSON with --json, wherever that stands', async () => {
    for (const args of [
      ['--json', 'lsit'],
      ['list', '--jsno', '--json'],
      ['show', '--json'],
    ]) {
      const { code, err } = await new TestCli().run(args);
      expect(code).toBe(2);
      expect(JSON.parse(err)).toEqual({
        error: { code: 'USAGE', message: expect.any(String), hint: expect.any(String) },
      });
    }
  });
});

describe('a store that cannot be used', () => {
  it.each([
    [new StoreFormatError('9', '1'), 4, 'FORMAT'],
    [new StoreError('OWNER_SILENT', 'no answer'), 4, 'OWNER_SILENT'],
    [new StoreError('DAMAGED', 'bad'), 7, 'DAMAGED'],
    [new StoreWriteError('cannot write', Object.assign(new Error('EACCES'), { code: 'EACCES' })), 1, 'WRITE_FAILED'],
  ])('%s', async (fault, exitCode, code) => {
    const cli = new TestCli();
    cli.fault = fault;
    const { code: exit, err, out } = await cli.run(['list', '--json']);
    expect({ exit, out }).toEqual({ exit: exitCode, out: '' });
    expect(JSON.parse(err)).toMatchObject({ error: { code, message: fault.message } });
  });

  it('is refused when the root is a file, or lies below one', async () => {
    const cli = new TestCli();
    const file = join(cli.root, 'file');
    writeFileSync(file, '');
    for (const root of [file, join(file, 'below')]) {
      for (const command of [['list'], ['add', 'x', '--any-type']]) {
        expect(await cli.run([...command, '--root', root])).toMatchObject({
          code: 2,
          err: expect.stringContaining('not a folder'),
        });
      }
    }
    expect((await cli.run(['list', '--root', ''])).code).toBe(2);
  });
});

describe('colours', () => {
  const coloured = async (
    options: { columns?: number; env?: Record<string, string> },
    ...args: string[]
  ): Promise<boolean> => {
    const cli = new TestCli();
    await cli.store.add([{ type: 'x', data: {} }]);
    return (await cli.run(['list', ...args], options)).out.includes('\u001b[');
  };

  it.each([
    ['a terminal', { columns: 80 }, [], true],
    ['no terminal', {}, [], false],
    ['--no-color', { columns: 80 }, ['--no-color'], false],
    ['NO_COLOR', { columns: 80, env: { NO_COLOR: '1' } }, [], false],
    ['an empty NO_COLOR', { columns: 80, env: { NO_COLOR: '' } }, [], true],
    ['TERM=dumb', { columns: 80, env: { TERM: 'dumb' } }, [], false],
    ['FORCE_COLOR', { env: { FORCE_COLOR: '1' } }, [], true],
    ['FORCE_COLOR=0', { columns: 80, env: { FORCE_COLOR: '0' } }, [], false],
    ['NO_COLOR and FORCE_COLOR', { env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, [], false],
  ] as const)('with %s', async (_, options, args, expected) => {
    expect(await coloured(options, ...args)).toBe(expected);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BIN, run, scratch } from './binary';

function installed(shell: string): boolean {
  const found = spawnSync(shell, ['--version']).status === 0;
  if (!found) process.stdout.write(`skipped: ${shell} is not installed, its completion script is not tried\n`);
  return found;
}

/** A folder with `leviathan` on its own PATH, a script for the shell, and a jobs folder with two jobs. */
async function prepared(
  shell: string,
): Promise<{ folder: string; script: string; env: Record<string, string>; root: string }> {
  const folder = scratch();
  const command = join(folder, 'leviathan');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(command, 0o755);
  const script = join(folder, `completion.${shell}`);
  const { out, code } = await run(['completion', shell], { folder });
  expect(code).toBe(0);
  writeFileSync(script, out);
  const root = join(folder, 'jobs');
  const input = '{"type":"resize","id":"first-job"}\n{"type":"scrape","id":"second-job"}\n';
  expect((await run(['add', '--batch', '--any-type', '--root', root], { folder, input })).code).toBe(0);
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, LANG: 'C.UTF-8', TERM: 'xterm' };
  return { folder, script, env, root };
}

describe.skipIf(!installed('bash'))('completion in bash', () => {
  it('completes commands, options, their values, types and ids', async () => {
    const { folder, script, env, root } = await prepared('bash');
    const complete = (...words: string[]): string[] => {
      const code = `source "$1"; shift; COMP_WORDS=(leviathan "$@"); COMP_CWORD=$#; _leviathan; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const out = execFileSync('bash', ['--norc', '-c', code, 'bash', script, ...words], {
        env,
        cwd: folder,
        encoding: 'utf8',
      });
      return out.split('\n').filter(Boolean);
    };
    expect(complete('li')).toEqual(['list']);
    expect(complete('')).toEqual(expect.arrayContaining(['add', 'watch', 'work']));
    expect(complete('')).not.toContain('__complete');
    expect(complete('--ro')).toEqual(['--root']);
    expect(complete('list', '--sta')).toEqual(['--status']);
    expect(complete('list', '--status', 'f')).toEqual(['failed']);
    expect(complete('list', '--js')).toEqual(['--json']);
    expect(complete('clear', '')).toEqual(['completed', 'failed', 'finished', 'all']);
    expect(complete('--root', root, 'show', 'fir')).toEqual(['first-job']);
    expect(complete('--root', root, 'cancel', 'first-job', 's')).toEqual(['second-job']);
    expect(complete('--root', root, 'add', '')).toEqual(['download', 'resize', 'scrape']);
    expect(complete('--root', root, 'list', '--type', 'scr')).toEqual(['scrape']);
    expect(complete('import', 'compl')).toEqual(['completion.bash']);
    expect(complete('--root', 'jo')).toEqual(['jobs']);
  });

  it('is valid in every line', async () => {
    const { script } = await prepared('bash');
    expect(spawnSync('bash', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

describe.skipIf(!installed('fish'))('completion in fish', () => {
  it('completes commands, options, their values, types and ids', async () => {
    const { folder, script, env, root } = await prepared('fish');
    const complete = (line: string): string[] => {
      const code = `source ${script}; complete -C '${line}'`;
      const out = execFileSync('fish', ['--no-config', '-c', code], { env, cwd: folder, encoding: 'utf8' });
      return out
        .split('\n')
        .filter(Boolean)
        .map((found) => found.split('\t')[0] ?? '');
    };
    expect(complete('leviathan li')).toEqual(['list']);
    expect(complete('leviathan list --sta')).toEqual(['--status']);
    expect(complete('leviathan list --status f')).toEqual(['failed']);
    expect(complete(`leviathan --root ${root} show fir`)).toEqual(['first-job']);
    expect(complete(`leviathan --root ${root} add `)).toEqual(expect.arrayContaining(['download', 'resize', 'scrape']));
    expect(complete('leviathan clear ')).toEqual(expect.arrayContaining(['completed', 'failed', 'finished', 'all']));
  });
});

describe.skipIf(!installed('zsh'))('completion in zsh', () => {
  it('completes commands, values and ids on a terminal', async () => {
    const { folder, script, env, root } = await prepared('zsh');
    const shell = spawn('zsh', ['-f', '-i'], { env: { ...env, PS1: '> ' }, cwd: folder, cols: 120, rows: 40 });
    onTestFinished(() => shell.kill('SIGKILL'));
    let text = '';
    let look = (): void => {};
    shell.onData((data) => {
      text += data;
      look();
    });
    const shows = (part: string): Promise<void> =>
      new Promise((resolve) => {
        look = () => {
          if (text.includes(part)) resolve();
        };
        look();
      });
    /** Types, presses tab, and waits for what the shell makes of it. */
    const completes = async (typed: string, result: string): Promise<void> => {
      text = '';
      shell.write(`${typed}\t`);
      await shows(result);
      shell.write('\u0015');
    };
    shell.write(`autoload -Uz compinit; compinit -u -D; source ${script}; echo re''ady\r`);
    await shows('ready');
    await completes('leviathan comp', 'completion');
    await completes('leviathan list --status fai', 'failed');
    await completes(`leviathan --root ${root} show fir`, 'first-job');
    await completes(`leviathan --root ${root} add scr`, 'scrape');
  });

  it('is valid in every line', async () => {
    const { script } = await prepared('zsh');
    expect(spawnSync('zsh', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });
});

import { describe, expect, it } from 'vitest';
import { run } from './run.mjs';

/** @param {string} code @param {import('./run.mjs').RunOptions} [options] */
const node = (code, options) => run(process.execPath, ['-e', code], options);

describe('running a command', () => {
  it('gives its output, standard and error apart and together', async () => {
    const outcome = await node("console.log('out'); console.error('err')");
    expect(outcome).toMatchObject({ ok: true, code: 0, stdout: 'out\n' });
    expect(outcome.output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('tells that it failed, and with what', async () => {
    expect(await node('process.exit(3)')).toMatchObject({ ok: false, code: 3 });
  });

  it('tells that a signal ended it', async () => {
    expect(await node("process.kill(process.pid, 'SIGKILL')")).toMatchObject({ ok: false, code: null });
  });

  it('tells that it could not be started', async () => {
    const outcome = await run('no-such-command-anywhere', []);
    expect(outcome).toMatchObject({ ok: false, code: null });
    expect(outcome.output).toContain('cannot start no-such-command-anywhere');
  });

  it('ends the command and what it started when it takes too long', async ({ skip }) => {
    skip(process.platform === 'win32', 'Windows has no process groups');
    const start =
      "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })";
    // It resolves only when every holder of the pipes, the command's own child among them, has ended.
    const outcome = await node(`${start}; setInterval(() => {}, 1000)`, { timeout: 500 });
    expect(outcome.ok).toBe(false);
    expect(outcome.output).toContain('it ran for more than 0.5 s');
  });
});

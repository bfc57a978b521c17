import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreHealth } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

describe('leviathan health', () => {
  it('tells what was looked at, and exits with 0 when all is well', async () => {
    const cli = new TestCli();
    const { code, lines } = await cli.run(['health']);
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ['ok        workers     0 workers, 0 busy, 0 running jobs.', `ok        all         ${cli.root}`],
    });
  });

  it('exits with 1 when something is wrong', async () => {
    const cli = new TestCli();
    await cli.store.add([{ type: 'a', data: null, id: 'a' }]);
    const [claimed] = await cli.store.claim({ worker: 'w', limit: 1, wait: false });
    await cli.store.report([{ id: 'a', token: claimed?.token ?? '', stuck: true }]);
    const ran = await cli.run(['health']);
    expect(ran.code).toBe(1);
    expect(ran.lines[0]).toBe('degraded  workers     1 running job ignores its abort signal.');
    const asJson = await cli.run(['health', '--json']);
    expect(asJson.code).toBe(1);
    expect(asJson.json()).toMatchObject({
      root: cli.root,
      status: 'degraded',
      problems: ['1 running job ignores its abort signal.'],
      checks: [{ name: 'workers', facts: { workers: 1, busy: 1, running: 1, stuck: 1 } }],
    });
  });

  const failed = (message: string, code: string) => ({
    status: 'failed',
    problems: [message],
    checks: [{ name: 'store', status: 'failed', message, facts: { code } }],
  });

  it('answers in the same shape when the store cannot be opened', async () => {
    const cli = new TestCli();
    cli.fault = Object.assign(new Error('permission denied'), { code: 'EACCES' });
    const { code, json, err } = await cli.run(['health', '--json']);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(json<StoreHealth>()).toMatchObject(failed('permission denied', 'EACCES'));
  });

  it('makes no store where none is, and takes no file for one', async () => {
    const cli = new TestCli();
    const missing = join(cli.root, 'missing');
    const none = await cli.run(['health', '--json', '--root', missing]);
    expect(none.code).toBe(1);
    expect(none.json()).toMatchObject(failed(`There are no jobs at ${missing}.`, 'NO_STORE'));
    const file = join(cli.root, 'file');
    writeFileSync(file, '');
    const wrong = await cli.run(['health', '--json', '--root', file]);
    expect(wrong.code).toBe(1);
    expect(wrong.json()).toMatchObject(failed(`${file} is not a folder.`, 'USAGE'));
  });

  it('does not wait for ever', async () => {
    const cli = new TestCli();
    cli.store.health = () => new Promise(() => {});
    const { code, json } = await cli.run(['health', '--json', '--timeout', '1ms']);
    expect(code).toBe(1);
    expect(json()).toMatchObject(failed('No answer within 1 ms.', 'TIMEOUT'));
  });
});

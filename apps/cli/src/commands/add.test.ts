import type { Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';
import { writeProcessors } from '../testing/processors';

async function only(cli: TestCli): Promise<Job> {
  const { jobs } = await cli.store.list();
  expect(jobs).toHaveLength(1);
  return jobs[0] as Job;
}

describe('leviathan add', () => {
  it('prints the id alone on stdout', async () => {
    const cli = new TestCli();
    const { code, out } = await cli.run(['add', 'download', 'https://example.org/a.iso?x=1']);
    const job = await only(cli);
    expect({ code, out }).toEqual({ code: 0, out: `${job.id}\n` });
    expect(job.data).toEqual({ url: 'https://example.org/a.iso?x=1', to: `${cli.root}/downloads` });
  });

  it('names the target from the root of the disk, because another process may run the job', async () => {
    const cli = new TestCli();
    const args = ['https://example.org/a', '--to', 'sub', '--name', 'b.iso', '--checksum', `sha256:${'0'.repeat(64)}`];
    await cli.run(['add', 'download', ...args]);
    expect((await only(cli)).data).toMatchObject({ to: `${cli.root}/sub`, file: 'b.iso' });
  });

  it('takes every option of a job', async () => {
    const cli = new TestCli();
    cli.now = () => Date.parse('2026-01-01T00:00:00Z');
    await cli.run(['add', 'x', '--any-type', '--id', 'parent']);
    const args =
      '--any-type --id mine --key k --priority 2 --attempts 7 --timeout 90s --tag a --tag b --depends-on pare --on-parent-failed skip';
    const { code, err } = await cli.run(['add', 'x', 'n:=1', ...args.split(' '), '--at', '2099-01-01T00:00:00Z']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [job] = await cli.store.get(['mine']);
    expect(job).toMatchObject({
      data: { n: 1 },
      key: 'k',
      priority: 2,
      maxAttempts: 7,
      timeout: 90_000,
      tags: ['a', 'b'],
      dependsOn: ['parent'],
      onParentFailed: 'skip',
      runAt: '2099-01-01T00:00:00.000Z',
    });
  });

  it('puts pairs on top of JSON from --data or standard input', async () => {
    const cli = new TestCli();
    await cli.run(['add', 'x', 'b=2', '--any-type', '--data', '{"a":1,"b":1}', '--id', 'one']);
    await cli.run(['add', 'x', '-', 'b=2', '--any-type', '--id', 'two'], { input: '{"a":3}' });
    const jobs = await cli.store.get(['one', 'two']);
    expect(jobs.map((job) => job?.data)).toEqual([
      { a: 1, b: '2' },
      { a: 3, b: '2' },
    ]);
  });

  it('refuses a type without a processor, and says what was meant', async () => {
    const cli = new TestCli();
    const { code, err, out } = await cli.run(['add', 'donwload', 'url=https://example.org/a']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/no processor.*"donwload".*known types: download/i);
    expect(err).toMatch(/Did you mean download\?.*--any-type/);
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it('refuses data that the processor does not take, with its path', async () => {
    const cli = new TestCli();
    const { code, err } = await cli.run(['add', 'download', 'not a url', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'INVALID', message: expect.stringContaining('data.url') } });
  });

  it('returns the job that holds the key, or fails with --unique reject', async () => {
    const cli = new TestCli();
    const first = await cli.run(['add', 'x', '--any-type', '--key', 'k']);
    const second = await cli.run(['add', 'x', '--any-type', '--key', 'k', '--json']);
    expect(second.json()).toEqual({ id: first.out.trim(), added: false });
    const third = await cli.run(['add', 'x', '--any-type', '--key', 'k', '--unique', 'reject']);
    expect(third).toMatchObject({ code: 4, out: '' });
  });

  it('lets the job that holds the key take the data with --unique', async () => {
    const cli = new TestCli();
    const add = (n: number, mode: string) =>
      cli.run(['add', 'x', `n:=[${n}]`, '--any-type', '--key', 'k', '--unique', mode, '--json']);
    const { id } = (await add(1, 'debounce:1h,2h')).json() as { id: string };
    expect((await add(2, 'merge')).json()).toEqual({ id, added: false, outcome: 'merged' });
    const { code, err } = await cli.run(['add', 'x', 'm=3', '--any-type', '--key', 'k', '--unique', 'throttle:1m']);
    expect([code, err]).toEqual([0, expect.stringContaining(`${id}: it was there first`)]);
    const job = (await cli.run(['show', id, '--json'])).json();
    expect(job).toMatchObject({ data: { n: [2] }, runAt: expect.any(String) });
  });

  it.each([
    [['add'], /Which type/],
    [['add', 'x', 'bare', '--any-type'], /not key=value/],
    [['add', 'download', 'https://a.example', 'https://b.example'], /one too many/],
    [['add', 'x', '--any-type', '--to', 'y'], /belong to downloads/],
    [['add', 'x', '--any-type', '--data', '[1]', 'a=1'], /JSON object/],
    [['add', 'x', '--any-type', '--delay', '5'], /not a duration/],
    [['add', 'x', '--any-type', '--depends-on', 'nope'], /no job "nope"/],
    [['add', 'x', '--any-type', '--on-parent-failed', 'explode'], /must be one of wait, fail/],
    [['add', 'x', '--any-type', '--key', 'k', '--unique', 'debounce'], /must be keep, reject/],
    [['add', 'x', '--batch'], /--batch reads/],
  ])('%j is refused', async (args, message) => {
    const cli = new TestCli();
    const { code, err } = await cli.run(args);
    expect([2, 3]).toContain(code);
    expect(err).toMatch(message);
    expect((await cli.store.counts()).pending).toBe(0);
  });
});

describe('leviathan add --batch', () => {
  it('adds all lines at once, with the options of the command line as defaults', async () => {
    const cli = new TestCli();
    const input = '{"type":"x","data":{"n":1}}\n{"type":"x","data":{"n":2},"priority":1}\n';
    const { code, lines } = await cli.run(['add', '--batch', '--any-type', '--priority', '9'], { input });
    expect(code).toBe(0);
    const jobs = await cli.store.get(lines);
    expect(jobs.map((job) => [job?.data, job?.priority])).toEqual([
      [{ n: 1 }, 9],
      [{ n: 2 }, 1],
    ]);
  });

  it('adds none when one is not valid', async () => {
    const cli = new TestCli();
    const input = '{"type":"download","data":{"url":"https://example.org/a"}}\n{"type":"download","data":{}}\n';
    const { code, err } = await cli.run(['add', '--batch'], { input });
    expect(code).toBe(2);
    expect(err).toContain('[1].data.url');
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it('prints an empty list for no lines', async () => {
    const { code, out } = await new TestCli().run(['add', '--batch', '--json'], { input: '\n' });
    expect({ code, out }).toEqual({ code: 0, out: '[]\n' });
  });
});

describe('leviathan add --wait', () => {
  it('runs the job here when no worker takes its type, and prints the final job', async () => {
    const cli = new TestCli();
    const processors = writeProcessors(cli.root);
    const ran = await cli.run(['add', 'echo', 'text=hi', '--wait', '--json', '--processors', processors]);
    expect(ran.code).toBe(0);
    expect(ran.json<Job>()).toMatchObject({ status: 'completed', result: { said: 'hi' }, type: 'echo' });
    expect(ran.err).toMatch(/started/);
    expect(ran.err).toMatch(/✓ completed in/);
  });

  it('exits with 5 when the job failed, and still prints it', async () => {
    const cli = new TestCli();
    const processors = writeProcessors(cli.root);
    const ran = await cli.run(['add', 'fail', '--wait', '--processors', processors]);
    expect(ran.code).toBe(5);
    expect(ran.out).toMatch(/✗ failed/);
    expect(ran.out).toMatch(/TypeError it broke/);
  });

  it('leaves the job to a worker that is there', async () => {
    const cli = new TestCli();
    const claimed = cli.store.claim({ worker: 'other', limit: 1, types: { echo: 1 }, wait: true });
    const run = cli.start(['add', 'echo', 'text=hi', '--wait', '--json', '--processors', writeProcessors(cli.root)]);
    const [claim] = await claimed;
    if (claim === undefined) throw new Error('nothing was claimed');
    await cli.store.settle([{ id: claim.job.id, token: claim.token, outcome: 'completed', result: 'elsewhere' }]);
    expect((await run.done).json<Job>()).toMatchObject({ worker: 'other', result: 'elsewhere' });
  });

  it('gives a running job back at Ctrl-C, says so, and exits with 130', async () => {
    const cli = new TestCli();
    const run = cli.start(['add', 'hang', '--wait', '--processors', writeProcessors(cli.root)]);
    await run.says('started');
    run.signals.receive('SIGINT');
    const { code, err } = await run.done;
    expect(code).toBe(130);
    expect(err).toMatch(/stays in the queue/);
    expect(await only(cli)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('ends at once at the second Ctrl-C', async () => {
    const cli = new TestCli();
    const run = cli.start(['add', 'hang', '--wait', '--processors', writeProcessors(cli.root)]);
    await run.says('started');
    run.signals.receive('SIGINT');
    run.signals.receive('SIGINT');
    expect(run.exits).toEqual([130]);
    await run.done;
  });

  it('says what the job waits for', async () => {
    const cli = new TestCli();
    const run = cli.start([
      'add',
      'echo',
      'text=hi',
      '--delay',
      '1h',
      '--wait',
      '--processors',
      writeProcessors(cli.root),
    ]);
    await run.says('waits:');
    run.signals.receive('SIGINT');
    expect((await run.done).code).toBe(130);
  });

  it('follows a whole batch', async () => {
    const cli = new TestCli();
    const input = '{"type":"echo","data":{"text":"a"}}\n{"type":"fail"}\n{"type":"echo","data":{"text":"b"}}\n';
    const ran = await cli.run(['add', '--batch', '--wait', '--json', '--processors', writeProcessors(cli.root)], {
      input,
    });
    expect(ran.code).toBe(5);
    expect(ran.json<Job[]>().map(({ status }) => status)).toEqual(['completed', 'failed', 'completed']);
  });
});

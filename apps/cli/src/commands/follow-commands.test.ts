import type { ClaimedJob, Job, JobLog, StoreEvent } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

async function started(cli: TestCli, id = 'job1'): Promise<{ id: string; token: string }> {
  await cli.store.add([{ type: 'x', data: {}, id }]);
  const [claim] = (await cli.store.claim({ worker: 'w', limit: 1, wait: false })) as [ClaimedJob];
  return { id, token: claim.token };
}

const log = (message: string, level: JobLog['level'] = 'info'): JobLog => ({
  at: '2026-11-23T12:00:00.000Z',
  level,
  message,
});

describe('leviathan wait', () => {
  it('resolves with the jobs once all have ended, with 5 if one failed', async () => {
    const cli = new TestCli();
    const a = await started(cli, 'aaaa');
    const b = await started(cli, 'bbbb');
    const run = cli.start(['wait', 'aaaa', 'bbbb', '--json']);
    await cli.store.settle([{ ...a, outcome: 'completed', result: 1 }]);
    await cli.store.settle([{ ...b, outcome: 'failed', error: { name: 'E', message: 'm' }, reason: 'error' }]);
    const ran = await run.done;
    expect(ran.code).toBe(5);
    expect(ran.json<Job[]>().map(({ id, status }) => [id, status])).toEqual([
      ['aaaa', 'completed'],
      ['bbbb', 'failed'],
    ]);
  });

  it('is done at once for a job that has ended', async () => {
    const cli = new TestCli();
    await cli.store.settle([{ ...(await started(cli)), outcome: 'completed' }]);
    expect(await cli.run(['wait', 'job1'])).toMatchObject({ code: 0, out: expect.stringContaining('✓ completed') });
  });

  it('exits with 124 after --timeout, and says how to find out more', async () => {
    const cli = new TestCli();
    await started(cli);
    const ran = await cli.run(['wait', 'job1', '--timeout', '20ms', '--json']);
    expect(ran).toMatchObject({ code: 124, out: '' });
    expect(JSON.parse(ran.err.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'TIMEOUT', hint: expect.stringContaining('explain') },
    });
  });

  it('exits with 130 at Ctrl-C', async () => {
    const cli = new TestCli();
    await cli.store.add([{ type: 'x', data: {}, id: 'job1' }]);
    const run = cli.start(['wait', 'job1']);
    await run.says('No worker takes x');
    run.signals.receive('SIGINT');
    expect((await run.done).code).toBe(130);
  });

  it('exits with 3 for an unknown job, also for one that is removed meanwhile', async () => {
    const cli = new TestCli();
    expect((await cli.run(['wait', 'nobody'])).code).toBe(3);
    await cli.store.add([{ type: 'x', data: {}, id: 'job1' }]);
    const run = cli.start(['wait', 'job1']);
    await run.says('No worker takes x');
    await cli.store.change({ change: { action: 'remove' }, target: { ids: ['job1'] } });
    expect((await run.done).code).toBe(3);
  });
});

describe('leviathan logs', () => {
  it('prints what the record holds, the last lines or those of a level', async () => {
    const cli = new TestCli();
    const job = await started(cli);
    await cli.store.report([{ ...job, logs: [log('one'), log('two', 'error'), log('three')] }]);
    expect((await cli.run(['logs', 'job1'])).lines.map((line) => line.split(' ').at(-1))).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect((await cli.run(['logs', 'job1', '--json', '-n', '1'])).json<JobLog[]>()).toEqual([log('three')]);
    expect((await cli.run(['logs', 'job1', '--json', '--level', 'error'])).json<JobLog[]>()).toEqual([
      log('two', 'error'),
    ]);
    expect((await cli.run(['logs', 'job1', '--json', '-n', '0'])).json<JobLog[]>()).toEqual([]);
    expect((await cli.run(['logs', 'job1', '--level', 'loud'])).code).toBe(2);
    expect((await cli.run(['logs', 'nobody'])).code).toBe(3);
  });

  it('follows until the job ends, each line once, as NDJSON with --json', async () => {
    const cli = new TestCli();
    const job = await started(cli);
    await cli.store.report([{ ...job, logs: [log('one')] }]);
    const run = cli.start(['logs', 'job1', '-f', '--json']);
    await run.says('one');
    await cli.store.report([{ ...job, logs: [log('two'), log('two')] }]);
    await run.says('two');
    await cli.store.settle([{ ...job, outcome: 'completed' }]);
    const { code, lines } = await run.done;
    expect(code).toBe(0);
    expect(lines.map((line) => (JSON.parse(line) as JobLog).message)).toEqual(['one', 'two', 'two']);
  });

  it('follows through a retry', async () => {
    const cli = new TestCli();
    const job = await started(cli);
    const run = cli.start(['logs', 'job1', '-f']);
    await cli.store.report([{ ...job, logs: [log('first attempt')] }]);
    await run.says('first attempt');
    await cli.store.settle([
      { ...job, outcome: 'failed', error: { name: 'E', message: 'm' }, reason: 'error', retryIn: 0 },
    ]);
    const [claim] = (await cli.store.claim({ worker: 'w', limit: 1, wait: true })) as [ClaimedJob];
    await cli.store.report([{ id: 'job1', token: claim.token, logs: [log('second attempt')] }]);
    await run.says('second attempt');
    run.signals.receive('SIGINT');
    expect((await run.done).code).toBe(130);
  });
});

describe('leviathan watch', () => {
  it('prints events as NDJSON until Ctrl-C', async () => {
    const cli = new TestCli();
    const run = cli.start(['watch', '--json', '--type', 'x', '--kind', 'added,completed']);
    await run.says('Watching');
    await cli.store.add([{ type: 'other', data: {} }]);
    await cli.store.settle([{ ...(await started(cli)), outcome: 'completed' }]).catch(() => {});
    await cli.store.change({ change: { action: 'cancel' }, target: { filter: { status: 'pending' } } });
    await run.says('"added"');
    run.signals.receive('SIGINT');
    const { code, lines } = await run.done;
    expect(code).toBe(130);
    const events = lines.map((line) => JSON.parse(line) as StoreEvent);
    expect(events.every(({ kind, type }) => ['added', 'completed'].includes(kind) && type === 'x')).toBe(true);
  });

  it('prints a line per event without a terminal, from an earlier number on', async () => {
    const cli = new TestCli();
    // A store remembers events from the first time that somebody listens.
    const { seq } = await cli.store.subscribe({}, () => {});
    await started(cli);
    const run = cli.start(['watch', '--from', String(seq)]);
    await run.says('started');
    run.signals.receive('SIGINT');
    const { lines } = await run.done;
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d added +job1 x$/);
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d started +job1 x attempt 1$/);
  });

  it('draws a table on a terminal', async () => {
    const cli = new TestCli();
    await started(cli);
    const run = cli.start(['watch'], { columns: 80, env: { NO_COLOR: '1' } });
    await run.says('1 active');
    await cli.store.add([{ type: 'y', data: { name: 'new one' }, id: 'job2' }]);
    await run.says('new one');
    run.signals.receive('SIGINT');
    const { code, out } = await run.done;
    expect(code).toBe(130);
    expect(out.endsWith('\u001b[?25h')).toBe(true);
  });

  it('ends quietly when the reader is gone', async () => {
    const cli = new TestCli();
    const run = cli.start(['watch', '--json']);
    await run.says('Watching');
    run.signals.receive('EPIPE');
    expect((await run.done).code).toBe(0);
  });

  it.each([[['--kind', 'ended']], [['--from', 'x']]])('refuses %j', async (options) => {
    expect((await new TestCli().run(['watch', ...options])).code).toBe(2);
  });
});

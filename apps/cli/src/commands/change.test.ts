import type { ChangeResult, Job, JobStatus } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

/** One job of each state, named after it, and another pending one. */
async function withStates(): Promise<TestCli> {
  const cli = new TestCli();
  const { store } = cli;
  const add = async (id: string): Promise<void> => {
    await store.add([{ type: 'x', data: { n: 1 }, id, maxAttempts: 1 }]);
  };
  const claim = async () => {
    const [claimed] = await store.claim({ worker: 'w', limit: 1, wait: false });
    if (claimed === undefined) throw new Error('nothing to claim');
    return { id: claimed.job.id, token: claimed.token };
  };
  await add('completed');
  await store.settle([{ ...(await claim()), outcome: 'completed' }]);
  await add('failed');
  await store.settle([{ ...(await claim()), outcome: 'failed', error: { name: 'E', message: 'm' }, reason: 'error' }]);
  await add('active');
  await claim();
  await add('pending');
  await add('second');
  return cli;
}

async function state(cli: TestCli, id: string): Promise<JobStatus | 'gone'> {
  const [job] = await cli.store.get([id]);
  return job?.status ?? 'gone';
}

async function queueOrder(cli: TestCli): Promise<string[]> {
  return (await cli.store.list({ filter: { status: 'pending' }, sort: 'queue' })).jobs.map(({ id }) => id);
}

describe('a change by ids', () => {
  it('prints the changed ids on stdout, and the sum on stderr', async () => {
    const cli = await withStates();
    expect(await cli.run(['retry', 'failed'])).toMatchObject({ code: 0, out: 'failed\n', err: 'Retried 1 job.\n' });
    expect(await state(cli, 'failed')).toBe('pending');
    expect(await cli.run(['cancel', 'pending', 'second', '-q'])).toMatchObject({
      code: 0,
      out: 'pending\nsecond\n',
      err: '',
    });
    expect(await cli.run(['rm', 'completed'])).toMatchObject({ code: 0, out: 'completed\n' });
    expect(await state(cli, 'completed')).toBe('gone');
  });

  it('exits with 4 when the state does not allow it, and changes nothing', async () => {
    const cli = await withStates();
    for (const args of [
      ['retry', 'completed'],
      ['remove', 'active'],
      ['cancel', 'failed'],
      ['move', 'failed', '--top'],
    ]) {
      const { code, out, err } = await cli.run(args);
      expect({ args, code, out }).toEqual({ args, code: 4, out: '' });
      expect(err).toMatch(/^error: /);
    }
    expect(await state(cli, 'completed')).toBe('completed');
  });

  it('exits with 3 for a job that is not there', async () => {
    expect((await (await withStates()).run(['cancel', 'nobody'])).code).toBe(3);
  });

  it('exits with 6 when only some could be changed, and says why', async () => {
    const cli = await withStates();
    const { code, out, err } = await cli.run(['retry', 'failed', 'completed']);
    expect({ code, out }).toEqual({ code: 6, out: 'failed\n' });
    expect(err).toMatch(/Retried 1 job\.\nLeft 1 job as it is: .*completed/);
  });

  it('takes it for done when it was done before', async () => {
    const cli = await withStates();
    expect((await cli.run(['cancel', 'active'])).code).toBe(0);
    expect((await cli.run(['cancel', 'active'])).code).toBe(0);
  });

  it('gives the whole result as JSON', async () => {
    const cli = await withStates();
    const ran = await cli.run(['cancel', 'pending', 'completed', '--json']);
    expect(ran.code).toBe(6);
    expect(ran.json<ChangeResult>()).toMatchObject({
      matched: 2,
      changed: 1,
      ids: ['pending'],
      skipped: [{ reason: 'completed' }],
    });
  });

  it('changes nothing in a dry run', async () => {
    const cli = await withStates();
    expect(await cli.run(['cancel', 'pending', '--dry-run'])).toMatchObject({
      code: 0,
      out: 'pending\n',
      err: 'Would cancel 1 job.\n',
    });
    expect(await state(cli, 'pending')).toBe('pending');
  });

  it.each([
    [['retry']],
    [['cancel', 'pending', '--type', 'x']],
    [['move', 'pending']],
    [['move', 'pending', '--top', '--bottom']],
  ])('%j is wrong usage', async (args) => {
    expect((await (await withStates()).run(args)).code).toBe(2);
  });
});

describe('a change by filter', () => {
  it('touches only jobs in a state that fits, unless the filter names one', async () => {
    const cli = await withStates();
    expect(await cli.run(['retry', '--type', 'x', '--yes'])).toMatchObject({ code: 0, out: 'failed\n' });
    expect((await cli.run(['retry', '--status', 'completed', '--yes'])).err).toMatch(/No job to retry/);
  });

  it('tells the number and asks on a terminal', async () => {
    const cli = await withStates();
    const no = await cli.run(['cancel', '--status', 'pending'], { columns: 80, answers: ['n'] });
    expect(no.err).toContain('This will cancel 2 jobs. Go on? [y/N]');
    expect(no).toMatchObject({ code: 1, out: '' });
    expect(await state(cli, 'pending')).toBe('pending');
    expect((await cli.run(['cancel', '--status', 'pending'], { columns: 80, answers: ['yes'] })).code).toBe(0);
    expect(await state(cli, 'pending')).toBe('failed');
  });

  it('refuses without a terminal or with --no-input, unless --yes', async () => {
    const cli = await withStates();
    expect(await cli.run(['cancel', '--status', 'pending'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect((await cli.run(['cancel', '--status', 'pending', '--no-input'], { columns: 80 })).code).toBe(2);
    expect(await state(cli, 'pending')).toBe('pending');
    expect((await cli.run(['--yes', 'cancel', '--status', 'pending'])).code).toBe(0);
  });

  it('needs no confirmation for a dry run', async () => {
    const cli = await withStates();
    const { code, out } = await cli.run(['remove', '--status', 'active,completed', '--dry-run']);
    expect({ code, out }).toEqual({ code: 0, out: 'completed\n' });
  });
});

describe('leviathan move', () => {
  it('moves to the top and the bottom, and next to another job', async () => {
    const cli = await withStates();
    expect(await queueOrder(cli)).toEqual(['pending', 'second']);
    await cli.run(['move', 'second', '--top']);
    expect(await queueOrder(cli)).toEqual(['second', 'pending']);
    await cli.run(['move', 'second', '--after', 'pending']);
    expect(await queueOrder(cli)).toEqual(['pending', 'second']);
    await cli.run(['move', 'second', '--before', 'pending']);
    expect(await queueOrder(cli)).toEqual(['second', 'pending']);
    await cli.run(['move', 'second', '--bottom']);
    expect(await queueOrder(cli)).toEqual(['pending', 'second']);
  });

  it('changes the priority', async () => {
    const cli = await withStates();
    expect((await cli.run(['move', 'second', '-p', '1'])).code).toBe(0);
    expect(await queueOrder(cli)).toEqual(['second', 'pending']);
    expect((await cli.run(['move', 'second', '-p', '11'])).code).toBe(2);
  });

  it('needs an anchor that is there and waits', async () => {
    const cli = await withStates();
    expect((await cli.run(['move', 'second', '--before', 'nobody'])).code).toBe(3);
    expect((await cli.run(['move', 'second', '--before', 'completed'])).code).toBe(4);
  });
});

describe('leviathan edit', () => {
  it('changes fields, and keeps the rest', async () => {
    const cli = await withStates();
    const args = [
      '--set',
      'm:=2',
      '--set',
      'o=p',
      '--priority',
      '3',
      '--timeout',
      '5s',
      '--tag',
      't',
      '--attempts',
      '9',
    ];
    expect(await cli.run(['edit', 'pending', ...args])).toMatchObject({ code: 0, out: 'pending\n' });
    const [job] = await cli.store.get(['pending']);
    expect(job).toMatchObject({
      data: { n: 1, m: 2, o: 'p' },
      priority: 3,
      timeout: 5000,
      tags: ['t'],
      maxAttempts: 9,
    });
    await cli.run(['edit', 'pending', '--timeout', 'none', '--data', '{"new":true}']);
    const [again] = await cli.store.get(['pending']);
    expect(again?.data).toEqual({ new: true });
    expect(again?.timeout).toBeUndefined();
  });

  it('schedules, and takes the schedule away', async () => {
    const cli = await withStates();
    await cli.run(['edit', 'pending', '--at', '2099-01-01T00:00:00Z']);
    expect((await cli.store.get(['pending']))[0]?.runAt).toBe('2099-01-01T00:00:00.000Z');
    await cli.run(['edit', 'pending', '--at', 'now']);
    expect((await cli.store.get(['pending']))[0]?.runAt).toBeUndefined();
  });

  it('checks new data by the processor of the type', async () => {
    const cli = await withStates();
    await cli.store.add([{ type: 'download', data: { url: 'https://example.org/a' }, id: 'dl' }]);
    expect(await cli.run(['edit', 'dl', '--set', 'url=nonsense'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('data.url'),
    });
    expect((await cli.store.get(['dl']))[0]?.data).toEqual({ url: 'https://example.org/a' });
  });

  it('refuses what does not wait, what is unknown, and nothing at all', async () => {
    const cli = await withStates();
    expect((await cli.run(['edit', 'completed', '-p', '1'])).code).toBe(4);
    expect((await cli.run(['edit', 'pending', 'completed', '-p', '1'])).code).toBe(6);
    expect((await cli.run(['edit', 'nobody', '-p', '1'])).code).toBe(3);
    expect((await cli.run(['edit', 'pending'])).code).toBe(2);
  });
});

describe('leviathan clear', () => {
  it.each([
    ['completed', ['active', 'failed', 'pending', 'second']],
    ['failed', ['active', 'completed', 'pending', 'second']],
    ['finished', ['active', 'pending', 'second']],
    ['all', ['active']],
  ])('%s', async (what, left) => {
    const cli = await withStates();
    expect((await cli.run(['clear', what, '--yes'])).code).toBe(0);
    expect((await cli.store.list()).jobs.map(({ id }) => id).sort()).toEqual(left);
  });

  it('confirms first, and spares what is newer than --until', async () => {
    const cli = await withStates();
    expect((await cli.run(['clear', 'all'])).code).toBe(2);
    expect((await cli.run(['clear', 'all'], { columns: 80, answers: [''] })).code).toBe(1);
    expect((await cli.run(['clear', 'all', '--until', '1h', '--yes'])).err).toMatch(/No job to remove/);
    expect((await cli.run(['clear', 'everything', '--yes'])).code).toBe(2);
    expect(await state(cli, 'completed')).toBe('completed');
  });
});

describe('leviathan pause and resume', () => {
  it('pauses types and everything, and tells what is paused now', async () => {
    const cli = await withStates();
    const claim = (): Promise<Job[]> =>
      cli.store.claim({ worker: 'w', limit: 1, wait: false }).then((claimed) => claimed.map(({ job }) => job));
    expect(await cli.run(['pause', 'x', '--json'])).toMatchObject({ code: 0, out: expect.stringContaining('"x"') });
    expect(await claim()).toEqual([]);
    expect((await cli.run(['resume', 'x'])).err).toBe('Nothing is paused.\n');
    expect((await cli.run(['pause'])).err).toBe('Now: all paused.\n');
    expect(await claim()).toEqual([]);
    await cli.run(['resume']);
    expect(await claim()).toHaveLength(1);
  });
});

describe('leviathan approve', () => {
  /** Two jobs whose process died, which wait for somebody's word, and one that just waits. */
  async function withHeld(): Promise<TestCli> {
    const cli = new TestCli();
    await cli.store.add(['one', 'two'].map((id) => ({ type: 'x', data: null, id, onCrash: 'hold' as const })));
    await cli.store.claim({ worker: 'w', limit: 2, wait: false });
    await cli.store.takeBack(['w'], 'crashed');
    await cli.store.add([{ type: 'x', data: null, id: 'other' }]);
    return cli;
  }
  const held = async (cli: TestCli) => (await cli.store.counts()).waiting.held;

  it('lets held jobs run again, by their ids', async () => {
    const cli = await withHeld();
    expect(await held(cli)).toBe(2);
    expect(await cli.run(['approve', 'one'])).toMatchObject({ code: 0, out: 'one\n', err: 'Approved 1 job.\n' });
    const claimed = await cli.store.claim({ worker: 'w', limit: 9, wait: false });
    expect(claimed.map(({ job }) => job.id)).toEqual(['one', 'other']);
  });

  it('by a filter means the held ones alone', async () => {
    const cli = await withHeld();
    expect(await cli.run(['approve', '--type', 'x', '--dry-run'])).toMatchObject({ code: 0, out: 'one\ntwo\n' });
    expect(await held(cli)).toBe(2);
    expect(await cli.run(['approve', '--type', 'x', '--yes'])).toMatchObject({ code: 0, out: 'one\ntwo\n' });
    expect(await held(cli)).toBe(0);
    expect((await cli.run(['approve', '--type', 'x', '--yes'])).err).toMatch(/No job to approve/);
  });

  it('tells when a job is not held, or cannot be', async () => {
    const cli = await withHeld();
    expect(await cli.run(['approve', 'one', 'other', '--json'])).toMatchObject({ code: 0 });
    await cli.store.change({ change: { action: 'cancel' }, target: { ids: ['two'] } });
    expect((await cli.run(['approve', 'two'])).code).toBe(4);
    expect((await cli.run(['approve', 'nobody'])).code).toBe(3);
  });
});

describe('redrive', () => {
  it('puts the jobs of dead letters back, so many at most', async () => {
    const cli = new TestCli();
    for (const id of ['one', 'two']) {
      const spec = { type: 'x', data: id, id, maxAttempts: 1, deadLetter: 'dead', tags: ['red'] };
      await cli.store.add([spec]);
      const [claimed] = await cli.store.claim({ worker: 'w', limit: 1, wait: false, types: { x: 1 } });
      const error = { name: 'E', message: 'm' };
      const end = { id, token: claimed?.token ?? '', outcome: 'failed' as const, reason: 'error' as const, error };
      await cli.store.settle([end]);
    }
    const args = ['redrive', '--type', 'dead', '--limit', '1', '--yes'];
    expect(await cli.run(args)).toMatchObject({ code: 0, err: expect.stringContaining('Redrove 1 job.') });
    expect([await state(cli, 'one'), await state(cli, 'two')]).toEqual(['pending', 'failed']);
    expect((await cli.run(['redrive', '--type', 'dead', '--every', 'x'])).err).toContain('not a duration');
  });
});

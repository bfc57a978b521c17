import { type ChangeResult, MemoryStore, type PastState, type Trail } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

/** Two jobs, one of which ran and failed; an hour later. */
async function withHistory(): Promise<{ cli: TestCli; clock: FakeClock }> {
  const clock = new FakeClock();
  const cli = new TestCli(new MemoryStore({ clock, audit: 1_000 }));
  cli.now = () => clock.now();
  const { store } = cli;
  await store.add([
    { type: 'x', data: { n: 1 }, id: 'job-one', maxAttempts: 1 },
    { type: 'x', data: { n: 2 }, id: 'job-two' },
  ]);
  const [claimed] = await store.claim({ worker: 'worker-1', limit: 1, wait: false });
  const error = { name: 'Error', message: 'no luck' };
  await store.settle([{ id: 'job-one', token: claimed?.token as string, outcome: 'failed', error, reason: 'error' }]);
  await clock.advance(3_600_000);
  return { cli, clock };
}

describe('history', () => {
  it('shows each transition in a line, also of a job that is gone', async () => {
    const { cli } = await withHistory();
    await cli.run(['remove', 'job-one']);
    const { code, lines, err } = await cli.run(['history', 'job-one']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(lines.map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
      'RECORD | WHEN | WHAT | STATE | WHO | NOTE',
      expect.stringMatching(/^1 \| \S+ \| add \| pending$/),
      expect.stringMatching(/^3 \| \S+ \| start \| pending → active \| worker-1 \| attempt 1$/),
      expect.stringMatching(/^4 \| \S+ \| fail \| active → failed \| worker-1 \| attempt 1, error, no luck$/),
      expect.stringMatching(/^5 \| \S+ \| remove \| failed → gone \| cli \| attempt 1, removed, change 5$/),
    ]);
  });

  it('is JSON for programs, and takes a part of an id', async () => {
    const { cli } = await withHistory();
    const trail = (await cli.run(['history', 'job-tw', '--json'])).json<Trail>();
    expect(trail).toMatchObject({ id: 'job-two', complete: true, entries: [{ op: 'add', to: 'pending' }] });
  });

  it('exits with 3 for a job that never was', async () => {
    const { cli } = await withHistory();
    expect((await cli.run(['history', 'nobody'])).code).toBe(3);
  });
});

describe('state', () => {
  it('shows counts and jobs as they were', async () => {
    const { cli } = await withHistory();
    await cli.run(['remove', 'job-one', 'job-two']);
    const { code, lines } = await cli.run(['state', '--at', '-30m']);
    expect(code).toBe(0);
    expect(lines[0]).toContain('1 pending · 0 completed · 1 failed');
    expect(lines.slice(2).map((line) => line.split(' ')[0])).toEqual(['job-two', 'job-one']);
    const failed = (await cli.run(['state', '--at', '30m ago', '-s', 'failed', '--json'])).json<PastState>();
    expect(failed.page?.jobs).toMatchObject([{ id: 'job-one', status: 'failed' }]);
  });

  it('names the earliest time when an earlier one is asked for', async () => {
    const { cli } = await withHistory();
    const { code, err } = await cli.run(['state', '--at', '2001-01-01']);
    expect(code).toBe(3);
    expect(err).toMatch(/begins at \d{4}-/);
    expect((await cli.run(['state'])).code).toBe(2);
  });
});

describe('undo', () => {
  it('takes back the newest change, whose number the change told', async () => {
    const { cli } = await withHistory();
    const removed = await cli.run(['remove', 'job-one', 'job-two']);
    expect(removed.err).toBe('Removed 2 jobs.\nTo take it back: leviathan undo 5\n');
    const dry = await cli.run(['undo', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, out: 'job-one\njob-two\n', err: 'Would put back 2 jobs.\n' });
    const undone = await cli.run(['undo'], { columns: 80, answers: ['y'] });
    expect(undone.code).toBe(0);
    expect(undone.err).toContain('This will put back 2 jobs of change 5. Go on?');
    expect(await cli.store.get(['job-one', 'job-two'])).toMatchObject([{ status: 'failed' }, { status: 'pending' }]);
  });

  it('leaves what moved on, and says why', async () => {
    const { cli } = await withHistory();
    const cancelled = (await cli.run(['cancel', 'job-two', '--json'])).json<ChangeResult>();
    await cli.run(['retry', 'job-two']);
    const { code, err } = await cli.run(['undo', String(cancelled.operation), '--yes']);
    expect(code).toBe(4);
    expect(err).toContain('it changed since (job-two)');
  });

  it('exits with 3 when there is nothing to undo', async () => {
    const { cli } = await withHistory();
    expect((await cli.run(['undo', '--yes'])).code).toBe(3);
    expect((await cli.run(['undo', '99', '--yes'])).code).toBe(3);
  });
});

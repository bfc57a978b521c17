import type { StoreEvent } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';
import { writeProcessors } from '../testing/processors';

async function withWork(
  specs: { type: string; data?: object; id: string }[],
): Promise<{ cli: TestCli; processors: string }> {
  const cli = new TestCli();
  await cli.store.add(specs.map(({ type, data = {}, id }) => ({ type, data: data as never, id, maxAttempts: 1 })));
  return { cli, processors: writeProcessors(cli.root) };
}

describe('leviathan work', () => {
  it('runs everything of its types and ends with --drain, with a line per job', async () => {
    const { cli, processors } = await withWork([
      { type: 'echo', data: { text: 'a' }, id: 'one' },
      { type: 'fail', id: 'two' },
      { type: 'foreign', id: 'three' },
    ]);
    const { code, err, out } = await cli.run(['work', '--drain', '--processors', processors]);
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toMatch(/one echo +✓ completed in/);
    expect(err).toMatch(/two fail +✗ failed \(error\): it broke/);
    expect(err).toMatch(/1 job completed, 1 failed\.\n$/);
    expect((await cli.store.counts()).byType).toMatchObject({
      echo: { completed: 1 },
      fail: { failed: 1 },
      foreign: { pending: 1 },
    });
  });

  it('ends at once with --drain when there is nothing to do', async () => {
    const { cli, processors } = await withWork([]);
    expect((await cli.run(['work', '--drain', '--processors', processors])).code).toBe(0);
  });

  it('writes its events as NDJSON with --json', async () => {
    const { cli, processors } = await withWork([{ type: 'echo', data: { text: 'a' }, id: 'one' }]);
    const { lines } = await cli.run(['work', '--drain', '--json', '--processors', processors, '--name', 'me']);
    const events = lines.map((line) => JSON.parse(line) as StoreEvent);
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['started', 'completed']));
    expect(events.every(({ worker }) => worker === 'me')).toBe(true);
  });

  it('takes only the types it is told', async () => {
    const { cli, processors } = await withWork([
      { type: 'echo', data: { text: 'a' }, id: 'one' },
      { type: 'fail', id: 'two' },
    ]);
    await cli.run(['work', '--drain', '--types', 'echo', '--processors', processors]);
    expect((await cli.store.get(['one', 'two'])).map((job) => job?.status)).toEqual(['completed', 'pending']);
    expect(await cli.run(['work', '--types', 'ehco', '--processors', processors])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean echo?'),
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 0],
  ] as const)('gives jobs back that do not end in time after %s, and exits with %d', async (signal, code) => {
    const { cli, processors } = await withWork([{ type: 'hang', id: 'one' }]);
    const run = cli.start(['work', '--grace', '10ms', '--processors', processors]);
    await run.says('started');
    run.signals.receive(signal);
    const ran = await run.done;
    expect(ran.code).toBe(code);
    expect(ran.err).toMatch(/Stopping: 1 running job may take 10ms/);
    expect((await cli.store.get(['one']))[0]).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('ends at once at a second signal', async () => {
    const { cli, processors } = await withWork([{ type: 'hang', id: 'one' }]);
    const run = cli.start(['work', '--grace', '10ms', '--processors', processors]);
    await run.says('started');
    run.signals.receive('SIGTERM');
    run.signals.receive('SIGINT');
    expect(run.exits).toEqual([130]);
    await run.done;
  });

  it.each([
    [['--processors', 'no-such-file.mjs'], /Cannot load/],
    [['--concurrency', '0'], /--concurrency/],
    [['--grace', '10'], /--grace/],
  ])('refuses %j', async (options, message) => {
    const { code, err } = await new TestCli().run(['work', ...options]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

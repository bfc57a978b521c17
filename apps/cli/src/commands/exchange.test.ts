import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

async function withJobs(): Promise<TestCli> {
  const cli = new TestCli();
  await cli.store.add([
    {
      type: 'download',
      data: { url: 'https://example.org/a' },
      id: 'aaaa',
      tags: ['t'],
      priority: 2,
      timeout: 5000,
      maxAttempts: 4,
    },
    {
      type: 'download',
      data: { url: 'https://example.org/b' },
      id: 'bbbb',
      dependsOn: ['aaaa'],
      key: 'k',
      runAt: 4_102_444_800_000,
    },
  ]);
  return cli;
}

describe('leviathan export', () => {
  it('writes definitions without history, which import takes as they are', async () => {
    const { code, out, err } = await (await withJobs()).run(['export']);
    expect({ code, err }).toEqual({ code: 0, err: 'Exported 2 jobs.\n' });
    const other = new TestCli();
    const imported = await other.run(['import', '-'], { input: out });
    expect(imported).toMatchObject({ code: 0, err: 'Added 2 jobs.\n' });
    expect((await other.run(['export'])).out).toBe(out);
  });

  it('writes whole records with --full, and import takes those, too', async () => {
    const cli = await withJobs();
    const { lines, out } = await cli.run(['export', '--full', '--tag', 't']);
    expect(lines.map((line) => JSON.parse(line) as Job)).toEqual(await cli.store.get(['aaaa']));
    const other = new TestCli();
    await other.run(['import', '-'], { input: out });
    expect((await other.store.get(['aaaa']))[0]).toMatchObject({ status: 'pending', maxAttempts: 4, timeout: 5000 });
  });

  it('exports more jobs than one page holds', async () => {
    const cli = new TestCli();
    await cli.store.add(Array.from({ length: 2500 }, (_, n) => ({ type: 'x', data: { n } })));
    const { lines } = await cli.run(['export']);
    expect(lines.map((line) => (JSON.parse(line) as { data: { n: number } }).data.n)).toEqual(
      Array.from({ length: 2500 }, (_, n) => n),
    );
  });

  it('is empty without jobs', async () => {
    expect(await new TestCli().run(['export'])).toMatchObject({ code: 0, out: '' });
  });
});

describe('leviathan import', () => {
  it('shows first what it would do, if asked', async () => {
    const cli = await withJobs();
    const file = join(cli.root, 'jobs.ndjson');
    writeFileSync(
      file,
      `${(await cli.run(['export'])).out}{"type":"download","data":{"url":"https://example.org/c"}}\n`,
    );
    const ran = await cli.run(['import', 'jobs.ndjson', '--dry-run', '--json']);
    expect(ran.json()).toEqual({ dryRun: true, total: 3, added: 1, existing: 2, byType: { download: 3 } });
    expect((await cli.store.counts()).pending).toBe(2);
  });

  it('leaves jobs alone that are there, and says how many', async () => {
    const cli = await withJobs();
    const { out } = await cli.run(['export']);
    expect((await cli.run(['import', '-'], { input: out })).err).toBe(
      'Added 0 jobs; 2 of the ids or keys are there already.\n',
    );
  });

  it('gives new ids, also where jobs depend on each other', async () => {
    const cli = await withJobs();
    const { out } = await cli.run(['export']);
    await cli.store.change({ change: { action: 'remove' }, target: { ids: ['bbbb'] } });
    expect((await cli.run(['import', '-', '--new-ids'], { input: out })).code).toBe(0);
    const { jobs } = await cli.store.list();
    const [, a, b] = jobs;
    expect(jobs).toHaveLength(3);
    expect(b?.dependsOn).toEqual([a?.id]);
    expect(a?.id).not.toBe('aaaa');
  });

  it.each([
    ['{"type":"download","data":{"url":"https://example.org/a"}}\nnonsense', /line 2 is not JSON/],
    [
      '{"type":"download","data":{"url":"https://example.org/a"}}\n{"type":"download","data":{"url":""}}',
      /Job 2 \(download\).*data\.url/,
    ],
    ['{"type":"foreign"}', /No processor/],
    ['{"type":"download","data":{"url":"https://example.org/a"},"id":"x","dependsOn":["x"]}', /cycle/],
  ])('adds nothing of a file with a fault: %s', async (input, message) => {
    const cli = new TestCli();
    const { code, err } = await cli.run(['import', '-'], { input });
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect((await cli.store.counts()).pending).toBe(0);
  });

  it('names a file that it cannot read', async () => {
    expect(await new TestCli().run(['import', 'nowhere.ndjson'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nowhere.ndjson'),
    });
  });
});

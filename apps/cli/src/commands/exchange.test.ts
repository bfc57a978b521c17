import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, Json } from '@leviathan/core';
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

const TEMPLATE = { parameters: { n: { type: 'integer' } }, job: { type: 'download', data: { n: '{{n}}' } } };

describe('leviathan export', () => {
  it('writes definitions without history, which import takes as they are', async () => {
    const cli = await withJobs();
    await cli.store.define([{ kind: 'template', name: 'numbered', value: TEMPLATE }]);
    const { code, lines, out, err } = await cli.run(['export']);
    expect({ code, err }).toEqual({ code: 0, err: 'Exported 3 items.\n' });
    expect(lines.map((line) => (JSON.parse(line) as { kind?: string }).kind)).toEqual([
      undefined,
      'template',
      'job',
      'job',
    ]);
    const other = new TestCli();
    const imported = await other.run(['import', '-'], { input: out });
    expect(imported).toMatchObject({ code: 0, err: 'Imported: 3 added, 0 replaced.\n' });
    expect(imported.lines).toEqual([
      'KIND      NEW  SAME  DIFFERENT  CONFLICT  UNKNOWN',
      'template    1     0          0         0        0',
      'job         2     0          0         0        0',
    ]);
    expect((await other.run(['export'])).lines.slice(1)).toEqual(lines.slice(1));
  });

  it('writes JSON, and what is asked for alone', async () => {
    const cli = await withJobs();
    await cli.store.define([{ kind: 'template', name: 'numbered', value: TEMPLATE }]);
    const { err, json } = await cli.run(['export', '--format', 'json', '--only', 'templates']);
    expect(err).toBe('Exported 1 item.\n');
    expect(json<{ items: Json[] }>().items).toEqual([{ kind: 'template', name: 'numbered', value: TEMPLATE }]);
    expect((await cli.run(['export', '--tag', 't'])).lines).toHaveLength(2);
    expect(await cli.run(['export', '--only', 'gadgets'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/jobs/),
    });
  });

  it('writes whole jobs with --with-history, and import takes them with it or without', async () => {
    const cli = await withJobs();
    await cli.store.change({ change: { action: 'cancel' }, target: { ids: ['aaaa'] } });
    const { lines, out } = await cli.run(['export', '--with-history', '--tag', 't']);
    const [{ order: _ofItsStore, ...job } = {} as Job] = (await cli.store.get(['aaaa'])) as Job[];
    expect(lines.slice(1).map((line) => JSON.parse(line) as Job)).toEqual([{ kind: 'job', ...job }]);
    for (const [args, status] of [
      [[], 'failed'],
      [['--without-history'], 'pending'],
    ] as const) {
      const other = new TestCli();
      await other.run(['import', '-', ...args], { input: out });
      expect((await other.store.get(['aaaa']))[0]).toMatchObject({ status, maxAttempts: 4, timeout: 5000 });
    }
  });

  it('exports more jobs than one page holds', async () => {
    const cli = new TestCli();
    await cli.store.add(Array.from({ length: 2500 }, (_, n) => ({ type: 'x', data: { n } })));
    const { lines } = await cli.run(['export']);
    expect(lines.slice(1).map((line) => (JSON.parse(line) as { data: { n: number } }).data.n)).toEqual(
      Array.from({ length: 2500 }, (_, n) => n),
    );
  });
});

describe('leviathan import', () => {
  it('shows first what it would do, if asked', async () => {
    const cli = await withJobs();
    const changed = '{"id":"aaaa","type":"download","data":{"url":"https://example.org/new"},"priority":2}';
    const input = `${changed}\n{"type":"download","data":{"url":"https://example.org/c"}}\n`;
    writeFileSync(join(cli.root, 'jobs.ndjson'), input);
    const { code, lines, err } = await cli.run(['import', 'jobs.ndjson', '--dry-run', '--on-conflict', 'replace']);
    expect({ code, err }).toEqual({ code: 0, err: 'Would be: 1 added, 1 replaced.\n' });
    expect(lines.slice(1)).toEqual([
      'job     1     0          1         0        0',
      '',
      'job aaaa  different; replaced',
      '  data.url: "https://example.org/a" -> "https://example.org/new"',
      '  attempts: 4 -> 3',
      '  timeout: 5000 -> (nothing)',
      '  tags: ["t"] -> (nothing)',
    ]);
    const json = await cli.run(['import', 'jobs.ndjson', '--dry-run', '--json']);
    expect(json.json()).toMatchObject({ dryRun: true, kinds: { job: { new: 1, different: 1 } } });
    expect((await cli.store.counts()).pending).toBe(2);
    expect((await cli.store.get(['aaaa']))[0]?.maxAttempts).toBe(4);
  });

  it('leaves alone what is there, replaces it, puts it beside, or gives up', async () => {
    const cli = await withJobs();
    const { out } = await cli.run(['export']);
    expect((await cli.run(['import', '-'], { input: out })).err).toBe('Imported: 0 added, 0 replaced.\n');
    const input = out.replace('example.org/a', 'example.org/z');
    const run = (policy: string) => cli.run(['import', '-', '--on-conflict', policy], { input });
    expect((await run('skip')).err).toBe('Imported: 0 added, 0 replaced.\n');
    expect(await run('fail')).toMatchObject({
      code: 4,
      err: expect.stringMatching(/"aaaa" cannot be imported.*\n.*--dry-run/),
    });
    expect((await run('rename')).lines.at(-1)).toMatch(/->|data.url/);
    expect((await cli.store.counts()).pending).toBe(3);
    expect((await run('replace')).err).toBe('Imported: 0 added, 1 replaced.\n');
    expect((await cli.store.get(['aaaa']))[0]?.data).toEqual({ url: 'https://example.org/z' });
    expect(await run('merge')).toMatchObject({ code: 2 });
  });

  it('tells by its exit code that something was left out', async () => {
    const cli = await withJobs();
    const input = '{"type":"download","data":{"url":"https://example.org/c"},"id":"cccc","key":"k"}';
    const { code, lines } = await cli.run(['import', '-'], { input });
    expect(code).toBe(6);
    expect(lines.at(-1)).toBe('job cccc  conflict: another job holds its key; skipped');
  });

  it('brings schedules in paused with --pause-schedules', async () => {
    const cli = new TestCli();
    const value = { every: 3_600_000, job: { type: 'download', data: { url: 'https://example.org/a' } } };
    const input = JSON.stringify({ kind: 'schedule', name: 'mirror', value });
    const { code, err } = await cli.run(['import', '-', '--pause-schedules'], { input });
    expect({ code, err }).toEqual({
      code: 0,
      err: 'Imported: 1 added, 0 replaced.\nTheir schedules are paused; `leviathan schedule resume <name>` lets one go.\n',
    });
    expect(await cli.store.definitions('schedule')).toMatchObject([{ name: 'mirror', value: { paused: true } }]);
    const again = await cli.run(['import', '-', '--pause-schedules'], { input });
    expect(again.err).toBe('Imported: 0 added, 0 replaced.\n');
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
      /line 2 \(job .*\) data\.url/,
    ],
    ['{"type":"foreign"}', /no processor is known/],
    ['{"type":"download","data":{"url":"https://example.org/a"},"id":"x","dependsOn":["x"]}', /cycle: x -> x/],
    ['{"kind":"template","name":"t","value":{"job":{"type":"x","data":"{{n}}"}}}', /no parameter n/],
    ['{"format":"leviathan-export","version":99}', /version 99/],
    ['nonsense', /cannot be imported/],
  ])('imports nothing of a document with a fault: %s', async (input, message) => {
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

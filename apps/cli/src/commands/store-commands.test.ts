import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DoctorFinding, DoctorReport } from '@leviathan/fs-store';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

describe('leviathan stats', () => {
  it('counts by type and state, and tells health and disk use', async () => {
    const cli = new TestCli();
    mkdirSync(join(cli.root, 'pending'));
    writeFileSync(join(cli.root, 'pending', 'x.json'), 'x'.repeat(5000));
    await cli.store.add([
      { type: 'download', data: {}, id: 'a' },
      { type: 'scrape', data: {}, runAt: Date.now() + 60_000 },
    ]);
    await cli.store.change({ change: { action: 'cancel' }, target: { ids: ['a'] } });
    const { code, out } = await cli.run(['stats']);
    expect(code).toBe(0);
    expect(out).toContain('0 active · 1 pending (1 scheduled) · 0 completed · 1 failed');
    expect(out).toMatch(/^download +0 +0 +0 +1$/m);
    expect(out).toMatch(/^all +1 +0 +0 +1$/m);
    expect(out).toMatch(/Last minute +0 completed, 1 failed/);
    expect(out).toMatch(/Store +✓ ok/);
    expect(out).toMatch(/Disk +\S+ kB in 1 files/);
  });

  it('has a stable shape as JSON', async () => {
    const cli = new TestCli();
    const stats = (await cli.run(['stats', '--json'])).json<Record<string, unknown>>();
    expect(Object.keys(stats)).toEqual(['root', 'counts', 'ended', 'health', 'disk']);
    expect(stats).toMatchObject({
      root: cli.root,
      counts: { pending: 0 },
      ended: { hour: { completed: 0 } },
      disk: { bytes: 0, files: 0 },
    });
  });

  it('is no read of a folder that is not there: nothing is made', async () => {
    const cli = new TestCli();
    const root = join(cli.root, 'missing');
    cli.fault = new Error('the store was opened');
    const { code, err } = await cli.run(['stats', '--root', root]);
    expect({ code, err }).toEqual({ code: 0, err: `There are no jobs at ${root} yet.\n` });
  });
});

describe('leviathan doctor', () => {
  const broken: DoctorFinding = {
    code: 'BAD_RECORD',
    severity: 'error',
    path: 'journal/0.ndjson',
    message: 'A record is damaged.',
    repair: 'Cut it out.',
  };
  const report = (findings: DoctorFinding[]): DoctorReport => ({
    ok: findings.length === 0,
    repaired: false,
    findings,
    summary: { jobs: 1234 },
  });

  it('says that all is well', async () => {
    const cli = new TestCli();
    cli.report = report([]);
    const { code, out } = await cli.run(['doctor']);
    expect({ code, out }).toEqual({ code: 0, out: `jobs: 1,234\n✓ ${cli.root} is sound.\n` });
  });

  it('exits with 7 for errors that stay, and names them', async () => {
    const cli = new TestCli();
    cli.report = report([broken]);
    const { code, out } = await cli.run(['doctor']);
    expect(code).toBe(7);
    expect(out).toContain('✗ error BAD_RECORD journal/0.ndjson: A record is damaged.');
    expect(out).toContain('repair: Cut it out.');
    expect((await cli.run(['doctor', '--json'])).json()).toEqual(cli.report);
  });

  it('exits with 0 after a repair, and for warnings', async () => {
    const cli = new TestCli();
    cli.report = report([
      { ...broken, repaired: true },
      { code: 'OLD', severity: 'warn', message: 'A leftover.' },
    ]);
    expect(await cli.run(['doctor', '--repair'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('repaired: Cut it out.'),
    });
  });
});

describe('leviathan define, definitions and undefine', () => {
  it('set, list and remove what the store keeps beside its jobs', async () => {
    const cli = new TestCli();
    const set = await cli.run(['define', 'limit', 'two', '{"concurrency": 2}']);
    expect({ code: set.code, err: set.err }).toEqual({ code: 0, err: 'The limit two is set.\n' });
    expect((await cli.run(['definitions'])).out).toBe('limit  two  {"concurrency":2}\n');
    const [found] = (await cli.run(['definitions', 'limits', '--json'])).json<{ name: string; value: unknown }[]>();
    expect(found).toMatchObject({ name: 'two', value: { concurrency: 2 } });
    expect((await cli.run(['undefine', 'limit', 'two'])).code).toBe(0);
    expect((await cli.run(['definitions'])).err).toBe('Nothing is defined.\n');
  });

  it('take the value from standard input', async () => {
    const cli = new TestCli();
    await cli.run(['define', 'pool', 'gpu', '-'], { input: '{"capacity": 1}' });
    expect(await cli.store.definitions('pool')).toMatchObject([{ name: 'gpu', value: { capacity: 1 } }]);
  });

  it('tell that there is none of a name', async () => {
    const { code, err } = await new TestCli().run(['undefine', 'limit', 'two']);
    expect(code).toBe(3);
    expect(err).toContain('There is no limit "two".');
  });

  it.each([
    [['define', 'limit', 'two', '{"concurrency": -1}'], 'value.concurrency: must be an integer of 0 or more'],
    [['define', 'limit', 'two', '{concurrency'], 'the value is not JSON'],
    [['define', 'speed', 'two', '{}'], '"speed" is no kind of definition'],
  ])('%j is a wrong use, and says why', async (args, message) => {
    const cli = new TestCli();
    const { code, err } = await cli.run(args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(await cli.store.definitions()).toEqual([]);
  });
});

import type { Schedule } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { TestCli } from '../testing/cli';

const SET = ['schedule', 'set', 'nightly', 'resize', 'folder=photos', '--any-type'];
const berlin = ['--cron', '30 2 * * *', '--timezone', 'Europe/Berlin'];

describe('leviathan schedule set', () => {
  it('makes a schedule and shows it', async () => {
    const cli = new TestCli();
    const { code, out } = await cli.run([...SET, ...berlin, '--overlap', 'skip', '--attempts', '5', '--limit', '9']);
    expect(code).toBe(0);
    expect(out).toMatch(/^nightly$/m);
    expect(out).toMatch(/^comes +30 2 \* \* \*, Europe\/Berlin$/m);
    expect(out).toMatch(/^runs +0 of 9$/m);
    const [definition] = await cli.store.definitions('schedule');
    expect(definition?.value).toEqual({
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      limit: 9,
      overlap: 'skip',
      job: { type: 'resize', data: { folder: 'photos' }, options: { attempts: 5 } },
    });
  });

  it('takes the options that jobs have which come again', async () => {
    const cli = new TestCli();
    const options = ['--group', 'acme', '--needs', 'gpu,memory=512', '--key', 'k', '--on-crash', 'hold'];
    const more = ['--dead-letter', 'dead', '--ttl', '1h', '--retry-for', '2h', '--priority', '2', '--timeout', '5s'];
    expect((await cli.run([...SET, '--every', '6h', ...options, ...more])).code).toBe(0);
    const [definition] = await cli.store.definitions('schedule');
    expect(definition?.value).toMatchObject({
      job: {
        options: {
          group: 'acme',
          needs: { gpu: 1, memory: 512 },
          key: 'k',
          onCrash: 'hold',
          deadLetter: 'dead',
          ttl: 3_600_000,
          retryFor: 7_200_000,
          priority: 2,
          timeout: 5_000,
        },
      },
    });
    await cli.run(['schedule', 'trigger', 'nightly']);
    expect((await cli.store.list()).jobs).toMatchObject([{ group: 'acme', needs: { gpu: 1, memory: 512 } }]);
    expect(await cli.run([...SET, '--every', '6h', '--needs', 'gpu=none'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--needs'),
    });
  });

  it('changes what is given, and keeps the rest', async () => {
    const cli = new TestCli();
    await cli.run([...SET, ...berlin, '--overlap', 'skip']);
    await cli.run(['schedule', 'pause', 'nightly']);
    const changed = await cli.run(['schedule', 'set', 'nightly', '--cron', '0 4 * * *', '--tag', 'night', '--json']);
    expect(changed.json<Schedule>()).toMatchObject({
      cron: '0 4 * * *',
      timezone: 'Europe/Berlin',
      overlap: 'skip',
      paused: true,
      job: { type: 'resize', data: { folder: 'photos' }, options: { tags: ['night'] } },
    });
    const interval = (await cli.run(['schedule', 'set', 'nightly', '--every', '6h', '--json'])).json<Schedule>();
    expect(interval).toMatchObject({ every: 6 * 3_600_000 });
    expect(interval).not.toHaveProperty('cron');
    expect(interval).not.toHaveProperty('timezone');
  });

  it('names the zone of this machine when none is given', async () => {
    const cli = new TestCli();
    const { json } = await cli.run([...SET, '--cron', '@daily', '--json']);
    expect(json<Schedule>().timezone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it('keeps where a download goes from the root of the disk', async () => {
    const cli = new TestCli();
    await cli.run(['schedule', 'set', 'iso', 'download', 'https://example.org/a.iso', '--every', '1d']);
    const [definition] = await cli.store.definitions('schedule');
    expect(definition?.value).toMatchObject({
      job: { data: { to: expect.stringMatching(/^(?:\/|[A-Z]:).*downloads$/) } },
    });
  });

  it.each([
    ['no timing', [...SET], /When does it come/],
    ['two timings', [...SET, ...berlin, '--every', '5m'], /exclude each other/],
    ['a wrong pattern', [...SET, '--cron', 'now and then'], /value\.cron/],
    ['an unknown policy', [...SET, ...berlin, '--missed', 'som'], /--missed must be one of none, one, all/],
    ['a type that nobody knows', ['schedule', 'set', 'x', 'resise', '--every', '5m'], /UNKNOWN_TYPE|No processor here/],
    ['no type for a new one', ['schedule', 'set', 'x', '--every', '5m'], /Which type of job/],
  ])('refuses %s', async (_, args, message) => {
    const cli = new TestCli();
    const { code, err } = await cli.run(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(await cli.store.definitions('schedule')).toEqual([]);
  });
});

describe('leviathan schedule', () => {
  it('lists schedules with their next run', async () => {
    const cli = new TestCli();
    expect(await cli.run(['schedule', 'list'])).toMatchObject({ code: 0, out: '', err: 'No schedules.\n' });
    await cli.run([...SET, '--every', '6h']);
    const { lines } = await cli.run(['schedule', 'list']);
    expect(lines[0]).toMatch(/^NAME +COMES +TYPE +NEXT +LAST +RUNS$/);
    expect(lines[1]).toMatch(/^nightly +every 6h +resize +in [56]h +0$/);
    expect((await cli.run(['schedule', 'list', '--json'])).json<Schedule[]>()).toMatchObject([{ name: 'nightly' }]);
  });

  it('pauses, resumes and removes', async () => {
    const cli = new TestCli();
    await cli.run([...SET, '--every', '6h']);
    await cli.run(['schedule', 'pause', 'nightly']);
    expect((await cli.run(['schedule', 'show', 'nightly'])).out).toMatch(/^next +paused$/m);
    await cli.run(['schedule', 'resume', 'nightly']);
    expect((await cli.run(['schedule', 'show', 'nightly'])).out).toMatch(/^next +in /m);
    expect(await cli.run(['schedule', 'remove', 'nightly'])).toMatchObject({ code: 0, err: 'Removed nightly.\n' });
    expect(await cli.store.definitions('schedule')).toEqual([]);
  });

  it('triggers a job, and prints its id', async () => {
    const cli = new TestCli();
    await cli.run([...SET, '--every', '6h']);
    const { lines } = await cli.run(['schedule', 'trigger', 'nightly']);
    const [job] = await cli.store.get([lines[0] ?? '']);
    expect(job).toMatchObject({ type: 'resize', tags: ['schedule:nightly'] });
  });

  it('tells when it comes, and tries a timing', async () => {
    const cli = new TestCli();
    await cli.run([...SET, ...berlin, '--limit', '2']);
    expect((await cli.run(['schedule', 'preview', 'nightly'])).lines).toHaveLength(2);
    const tried = await cli.run([...['schedule', 'preview', ...berlin, '--start', '2031-03-29T00:00:00Z', '-n', '3']]);
    expect(tried.lines).toEqual(['2031-03-29T01:30:00.000Z', '2031-03-30T01:00:00.000Z', '2031-03-31T00:30:00.000Z']);
  });

  it('exits with 3 for one that there is not', async () => {
    const cli = new TestCli();
    for (const command of ['show', 'pause', 'resume', 'remove', 'trigger', 'preview'])
      expect(await cli.run(['schedule', command, 'none'])).toMatchObject({
        code: 3,
        err: expect.stringContaining('There is no schedule "none"'),
      });
  });
});

import type { Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { width } from '../format/text';
import { TestCli } from '../testing/cli';

async function withJobs(): Promise<TestCli> {
  const cli = new TestCli();
  await cli.store.add([
    { type: 'download', data: { url: 'https://example.org/first.iso' }, id: 'a', tags: ['night'], priority: 9 },
    { type: 'download', data: { url: 'https://example.org/second.iso' }, id: 'b' },
    { type: 'scrape', data: { name: 'third' }, id: 'c', runAt: Date.now() + 3_600_000 },
  ]);
  await cli.store.change({ change: { action: 'cancel' }, target: { ids: ['b'] } });
  return cli;
}

const ids = (jobs: Job[]): string[] => jobs.map(({ id }) => id);

describe('leviathan list', () => {
  it('shows a table, the newest first, with state, title and note', async () => {
    const cli = await withJobs();
    // However long the command takes to load.
    const now = Date.now();
    cli.now = () => now;
    const { code, lines } = await cli.run(['list']);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^ID +STATE +TYPE +PRI +CREATED +JOB +NOTE$/);
    expect(lines[1]).toMatch(/^c +◷ scheduled +scrape +5 +now +third +runs in \d+m$/);
    expect(lines[2]).toMatch(/^b +✗ failed \(cancelled\) +download +5 +now +second\.iso/);
    expect(lines[3]).toMatch(/^a +○ pending +download +9 +now +first\.iso$/);
  });

  it.each([
    [['--status', 'failed'], ['b']],
    [
      ['-s', 'pending,failed', '-t', 'download'],
      ['b', 'a'],
    ],
    [['--tag', 'night'], ['a']],
    [['--text', 'second'], ['b']],
    [['--reason', 'cancelled'], ['b']],
    [['--priority', '9'], ['a']],
    [
      ['--since', '1h'],
      ['c', 'b', 'a'],
    ],
    [['--until', '1h'], []],
    [
      ['--sort', 'queue', '-s', 'pending'],
      ['c', 'a'],
    ],
    [['--reverse'], ['a', 'b', 'c']],
    [['--limit', '1'], ['c']],
    [
      ['--limit', '1', '--all'],
      ['c', 'b', 'a'],
    ],
  ])('%j', async (options, expected) => {
    const ran = await (await withJobs()).run(['list', '--json', ...options]);
    expect(ran.code).toBe(0);
    expect(ids(ran.json<Job[]>())).toEqual(expected);
  });

  it('goes on with the cursor that it names', async () => {
    const cli = await withJobs();
    const first = await cli.run(['list', '--json', '--limit', '2']);
    const cursor = /--cursor (\S+),/.exec(first.err)?.[1];
    const second = await cli.run(['list', '--json', '--limit', '2', '--cursor', cursor ?? '']);
    expect([...ids(first.json<Job[]>()), ...ids(second.json<Job[]>())]).toEqual(['c', 'b', 'a']);
    expect(second.err).toBe('');
  });

  it('is [] without jobs, with exit code 0', async () => {
    const { code, out } = await new TestCli().run(['list', '--json']);
    expect({ code, out }).toEqual({ code: 0, out: '[]\n' });
    const plain = await new TestCli().run(['list']);
    expect(plain).toMatchObject({ code: 0, out: '', err: 'No jobs.\n' });
  });

  it.each([20, 40, 60, 80, 200])('fits a terminal of %d columns without wrapping', async (columns) => {
    const { lines } = await (await withJobs()).run(['list'], { columns });
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(width(line), line).toBeLessThanOrEqual(columns);
  });

  it.each([
    [['--status', 'faild'], /Did you mean failed/],
    [['--limit', '0'], /--limit/],
    [['--sort', 'size'], /--sort/],
    [['--cursor', 'garbage'], /cursor/i],
    [['--all', '--cursor', 'x'], /exclude each other/],
    [['extra'], /too many arguments/],
    [['--statsu', 'x'], /--status/],
  ])('refuses %j', async (options, message) => {
    const { code, err, out } = await (await withJobs()).run(['list', ...options]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
  });
});

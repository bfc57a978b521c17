import type { Explanation, Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { width } from '../format/text';
import { TestCli } from '../testing/cli';

const A = 'job_2026-11-23_019ab000-0000-7000-8000-0000aaaaaaaa';
const B = 'job_2026-11-23_019ab000-0000-7000-8000-0000bbbbbbbb';

async function withJobs(): Promise<TestCli> {
  const cli = new TestCli();
  await cli.store.add([
    {
      type: 'x',
      data: { url: 'https://ann:secret@example.org/a', text: 'bad\u001b[2Jtext' },
      id: A,
      tags: ['t'],
      key: 'k',
      maxAttempts: 1,
    },
    { type: 'x', data: {}, id: B, dependsOn: [A] },
  ]);
  const [claim] = await cli.store.claim({ worker: 'w', limit: 1, wait: false });
  if (claim === undefined) throw new Error('nothing to claim');
  const { token } = claim;
  await cli.store.report([
    { id: A, token, logs: [{ at: '2026-11-23T12:00:00.000Z', level: 'warn', message: 'careful' }] },
  ]);
  const error = { name: 'TypeError', message: 'broke\nin two lines', code: 'E_BROKE' };
  await cli.store.settle([{ id: A, token, outcome: 'failed', error, reason: 'error' }]);
  return cli;
}

describe('leviathan show', () => {
  it('tells everything about a job', async () => {
    const { code, out } = await (await withJobs()).run(['show', A]);
    expect(code).toBe(0);
    expect(out).toContain(`${A}  ✗ failed`);
    for (const part of [/^type +x$/m, /^attempt +1 of 1$/m, /^key +k$/m, /^tags +t$/m, /^worker +w$/m])
      expect(out).toMatch(part);
    expect(out).toMatch(/attempt 1: TypeError \[E_BROKE\] broke\n +in two lines/);
    expect(out).toMatch(/warn +careful/);
  });

  it('tells what its handler did and added', async () => {
    const cli = new TestCli();
    await cli.store.add([{ type: 'x', data: 1, id: 'whole' }]);
    const [claim] = await cli.store.claim({ worker: 'w', limit: 1, wait: false });
    const attempt = { id: 'whole', token: claim?.token ?? '' };
    await cli.store.report([{ ...attempt, step: { name: 'fetch', result: 1 } }]);
    const jobs = Array.from({ length: 7 }, (_, n) => ({ type: 'part', data: n, id: `part-${n}` }));
    const children = { name: 'parts', jobs, onChildFailed: 'fail' as const };
    await cli.store.settle([{ ...attempt, outcome: 'waiting', children }]);
    const { out } = await cli.run(['show', 'whole']);
    expect(out).toMatch(/^steps done +fetch$/m);
    expect(out).toMatch(/^children +parts: part-0, .*part-4 and 2 more \(if one fails: fail\)$/m);
    expect((await cli.run(['show', 'part-1'])).out).toMatch(/^added by +whole$/m);
    const listed = await cli.run(['list', '--parent', 'whole', '--json']);
    expect(listed.out.match(/"part-\d"/g)).toHaveLength(7);
  });

  it('shows no password of a URL, and lets no data draw on the terminal', async () => {
    const { out } = await (await withJobs()).run(['show', A], { columns: 80, env: { NO_COLOR: '1' } });
    expect(out).toContain('https://***@example.org/a');
    expect(out).not.toContain('secret');
    expect(out).not.toContain('\u001b');
  });

  it('gives the record as JSON', async () => {
    const ran = await (await withJobs()).run(['show', A, '--json']);
    expect(ran.json<Job>()).toMatchObject({ id: A, status: 'failed', metadata: { errors: [{ name: 'TypeError' }] } });
  });

  it.each([30, 80])('is never wider than %d columns', async (columns) => {
    const { lines } = await (await withJobs()).run(['show', A], { columns });
    for (const line of lines) expect(width(line), line).toBeLessThanOrEqual(columns);
  });
});

describe('abbreviated ids', () => {
  it.each([[A.slice(-8)], [A], ['aaaaaaaa']])('%s means the job', async (text) => {
    expect((await (await withJobs()).run(['show', text, '--json'])).json<Job>().id).toBe(A);
  });

  it('that fit several jobs are refused, with the candidates', async () => {
    const { code, err } = await (await withJobs()).run(['show', 'job_2026']);
    expect(code).toBe(2);
    expect(err).toContain(A);
    expect(err).toContain(B);
  });

  it.each(['nope', 'aaa', '../../etc/passwd', '/etc/passwd', 'completed/x.json', '..', '.', '%2e%2e', '*', ''])(
    '%j is no job: exit code 3',
    async (text) => {
      const { code, err } = await (await withJobs()).run(['show', text, '--json']);
      expect(code).toBe(3);
      expect(JSON.parse(err)).toMatchObject({ error: { code: 'NOT_FOUND', hint: expect.any(String) } });
    },
  );
});

describe('leviathan explain', () => {
  it('says in a sentence why the job waits, or ended', async () => {
    const cli = await withJobs();
    expect((await cli.run(['explain', B])).out).toContain(A);
    expect((await cli.run(['explain', B, '--json'])).json<Explanation>().causes[0]).toMatchObject({ code: 'blocked' });
    expect(await cli.run(['explain', 'nope'])).toMatchObject({ code: 3, out: '' });
  });
});

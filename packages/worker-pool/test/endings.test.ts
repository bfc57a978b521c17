import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { ISOLATION_KINDS } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { isAlive } from './is-alive';
import { errorOf, messages, rig, task } from './rig';

const KILL_SOON = { killAfter: 50 };

describe.each(ISOLATION_KINDS)('a %s', (kind) => {
  describe('that dies fails its attempt, and nothing else', () => {
    it.each([
      ['exits', { code: 'WORKER_CRASHED', message: 'The worker that ran the job died: it exited with code 7.' }],
      ['uncaught', { code: 'WORKER_CRASHED', message: 'The worker that ran the job died: Error: nobody catches it.' }],
      ['unhandled', { code: 'WORKER_CRASHED', message: 'The worker that ran the job died: Error: nobody awaits it.' }],
      [
        'heap',
        {
          code: 'MEMORY_LIMIT',
          message: 'The worker that ran the job used more than its 64 MB of memory and was ended.',
        },
      ],
    ])('%s', async (name, error) => {
      const { add, ended, run, counts } = await rig([
        task(name as 'exits', { kind, memory: 64 }),
        task('nap', { kind }),
      ] as never);
      const neighbour = await add('nap', { ms: 1_000, n: 1 });
      const job = await run(name);
      expect(job).toMatchObject({ status: 'failed', reason: 'crashed', attempt: 1 });
      expect(errorOf(job)).toMatchObject(error);
      expect(await ended(neighbour)).toMatchObject({ status: 'completed', result: 1 });
      expect(await counts()).toMatchObject({ crashes: 1, jobs: 0, queued: 0 });
    });

    it('and is tried again in another one', async () => {
      const { run, counts } = await rig([task('exits', { kind })]);
      const job = await run('exits', null, { attempts: 3, backoff: { type: 'fixed', delay: 0 } });
      expect(job).toMatchObject({ status: 'failed', attempt: 3, metadata: { retries: 2 } });
      expect(await counts()).toMatchObject({ crashes: 3, workers: 0 });
    });

    it('and leaves its last words', async () => {
      const { run } = await rig([task('exitsAfterTelling', { kind })]);
      expect(messages(await run('exitsAfterTelling'))).toEqual(['one', 'last words']);
    });

    it('and shows the stack of what nobody caught', async () => {
      const { run } = await rig([task('uncaught', { kind })]);
      expect(errorOf(await run('uncaught'))?.stack).toMatch(/Caused by: Error: nobody catches it\n.*tasks\.mjs/);
    });
  });

  describe('is told to stop', () => {
    it('by a cancel, which the handler heeds', async () => {
      const { leviathan, add, logged, ended, counts } = await rig([task('waits', { kind })]);
      const id = await add('waits');
      await logged(id, 'waits');
      await leviathan.cancel([id]);
      const job = await ended(id);
      expect(job).toMatchObject({ status: 'failed', reason: 'cancelled' });
      expect(messages(job)).toEqual(['waits', 'stops: CANCELLED']);
      expect(await counts()).toMatchObject({ crashes: 0, workers: 1 });
    });

    it('by a cancel, and completes all the same', async () => {
      const { leviathan, add, logged, ended } = await rig([task('finishes', { kind })]);
      const id = await add('finishes');
      await logged(id, 'waits');
      await leviathan.cancel([id]);
      expect(await ended(id)).toMatchObject({ status: 'completed', result: 'done all the same' });
    });

    it.each(['spins', 'ignores'] as const)(
      'by a cancel that a handler which %s does not heed, and is killed',
      async (name) => {
        const { leviathan, add, logged, ended, run, counts } = await rig([
          task(name as 'spins', { kind, ...KILL_SOON }),
          task('nap', { kind }),
        ] as never);
        const neighbour = await add('nap', { ms: 500, n: 1 });
        const id = await add(name);
        await logged(id, name);
        await leviathan.cancel([id]);
        const job = await ended(id);
        expect(job).toMatchObject({ status: 'failed', reason: 'cancelled' });
        expect(errorOf(job)).toMatchObject({ name: 'CancelledError', code: 'CANCELLED' });
        expect(job.metadata.stuck).toBeUndefined();
        expect(await ended(neighbour)).toMatchObject({ status: 'completed' });
        expect((await run('nap', { ms: 0, n: 2 })).result).toBe(2);
        expect(await counts()).toMatchObject({ crashes: 0 });
      },
    );

    it('by its timeout, and is killed when it does not heed that', async () => {
      const { run } = await rig([task('spins', { kind, ...KILL_SOON })]);
      const job = await run('spins', null, { timeout: 300 });
      expect(job).toMatchObject({ status: 'failed', reason: 'timeout' });
      expect(errorOf(job)).toMatchObject({ name: 'TimeoutError', code: 'TIMEOUT' });
    });

    it('by a shutdown, which gives the job back and leaves no worker behind', async () => {
      const { leviathan, service, add, logged } = await rig([task('spins', { kind })]);
      const id = await add('spins');
      await logged(id, 'spins');
      const released = once(leviathan.queue as never, 'released');
      await leviathan.stop({ timeout: 0 });
      expect(await released).toMatchObject([{ id }]);
      expect(service.health()).toEqual({ status: 'stopped', problems: [] });
    });
  });

  it('has a limit of processor time', async ({ skip }) => {
    skip(
      kind === 'thread' && !existsSync('/proc/thread-self/schedstat'),
      'the system does not tell the time of a thread',
    );
    const { run } = await rig([task('burns', { kind, cpuTime: 150 }), task('nap', { kind, cpuTime: 150 })] as never);
    const job = await run('burns', 60_000);
    expect(job).toMatchObject({ status: 'failed', reason: 'error' });
    expect(errorOf(job)).toMatchObject({ name: 'CpuLimitError', code: 'CPU_LIMIT' });
    // Time that passes is none that is used; and each attempt has its own.
    expect((await run('nap', { ms: 400, n: 1 })).result).toBe(1);
    for (const ms of [90, 91, 92]) expect((await run('burns', ms)).result).toBe(ms);
  });

  it('gives way to others', async ({ skip }) => {
    skip(kind === 'thread' && process.platform !== 'linux', 'a priority is that of a whole process here');
    const { run } = await rig([task('where', { kind, nice: 7 })]);
    expect((await run('where')).result).toMatchObject({ priority: 7 });
  });
});

describe('a process', () => {
  it('that is killed from outside fails its attempt', async () => {
    const { run } = await rig([task('killsItself', { kind: 'process' })]);
    const job = await run('killsItself');
    expect(job.reason).toBe('crashed');
    expect(errorOf(job)).toMatchObject({
      name: 'WorkerCrashError',
      message: 'The worker that ran the job died: it was killed by SIGKILL.',
    });
  });

  it('has a limit for memory that is not in its heap, too', async () => {
    const { run } = await rig([task('buffers', { kind: 'process', memory: 100 })]);
    const job = await run('buffers');
    expect(job.reason).toBe('crashed');
    expect(errorOf(job)).toMatchObject({ name: 'MemoryLimitError', code: 'MEMORY_LIMIT' });
  });

  it('is killed together with what it started', async () => {
    const { leviathan, add, logged, ended } = await rig([task('spawns', { kind: 'process', ...KILL_SOON })]);
    const id = await add('spawns');
    await logged(id, 'child ');
    await leviathan.cancel([id]);
    const [line = ''] = messages(await ended(id));
    const pid = Number(line.slice('child '.length));
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

import { readdirSync } from 'node:fs';
import { StoreClosedError, StoreWriteError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { type FaultyFiles, faultyFiles } from './testing/faults';
import { type JournalHost, openHost, stateOf } from './testing/journal-host';
import { tempDir } from './testing/temp-dir';

/** A disk with so many bytes of room; removing the reserve gives its megabyte free. */
function disk(room: number) {
  const state = { room, reserved: false };
  const files = faultyFiles((call, args) => {
    if (call === 'unlinkSync' && String(args[0]).endsWith('reserve')) state.room += 1 << 20;
    if (call !== 'writeSync' && call !== 'write') return undefined;
    const length = args[3] as number;
    if (length > state.room) return 'ENOSPC';
    state.room -= length;
    return undefined;
  });
  return { files, state };
}

/** Resolves when the background has mended what it could: it looks twice a second, in real time, since it watches a real disk. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; !done(); i++) {
    if (i > 2_000) throw new Error('This never happens.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function reopened(dir: string, { clock }: JournalHost) {
  const again = await openHost(dir, { clock });
  const state = stateOf(again);
  await again.kill();
  return { state, findings: again.recovered.findings };
}

const job = (id: string, bytes = 10) => ({ id, type: 'a', data: 'x'.repeat(bytes) });

describe.each(['power', 'process'] as const)('a full disk at %s', (durability) => {
  async function setUp() {
    const dir = tempDir();
    const { files, state } = disk(10 << 20);
    const host = await openHost(dir, { files, durability });
    await host.log.keepReserve();
    expect(readdirSync(dir)).toContain('reserve');
    await host.store.add([job('runs'), job('waits')]);
    const [claimed] = await host.store.claim({ worker: 'w', limit: 1, wait: false });
    expect(claimed?.job.id).toBe('runs');
    return { dir, state, host, attempt: { id: 'runs', token: claimed?.token as string } };
  }

  it('refuses jobs with an error that says so, and no half of them is anywhere', async () => {
    const { dir, state, host } = await setUp();
    const before = stateOf(host);
    state.room = 3_000;
    const batch = [job('big', 10_000), job('small')];
    const error = await host.store.add(batch).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreWriteError);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'ENOSPC' } });
    expect(stateOf(host)).toEqual(before);
    expect(await host.store.get(['big', 'small'])).toEqual([null, null]);
    await host.kill();
    expect(await reopened(dir, host)).toEqual({ state: before, findings: [] });
  });

  it('still takes the outcome of what is running, from its reserve', async () => {
    const { dir, state, host, attempt } = await setUp();
    state.room = 0;
    const result = { text: 'r'.repeat(5_000) };
    // Its last progress is recorded together with the outcome, and must not keep it out.
    await host.store.report([
      { ...attempt, progress: 90, logs: [{ at: '2025-01-30T12:00:00.000Z', level: 'info', message: 'last' }] },
    ]);
    expect(await host.store.settle([{ ...attempt, outcome: 'completed', result }])).toMatchObject([{ accepted: true }]);
    expect(readdirSync(dir)).not.toContain('reserve');
    expect((await host.store.get(['runs']))[0]).toMatchObject({ status: 'completed', result });
    const live = stateOf(host);
    await host.kill();
    expect(await reopened(dir, host)).toEqual({ state: live, findings: [] });
  });

  it('keeps what the reserve gave free for outcomes: no job is added into it', async () => {
    const { state, host, attempt } = await setUp();
    state.room = 0;
    await host.store.settle([{ ...attempt, outcome: 'completed' }]);
    expect(state.room).toBeGreaterThan(1_000_000);
    expect(host.log.problem).toContain('disk is full');
    await expect(host.store.add([job('small')])).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      cause: { code: 'ENOSPC' },
    });
    await expect(host.store.claim({ worker: 'w', limit: 1, wait: false })).rejects.toBeInstanceOf(StoreWriteError);
    expect((await host.store.get(['waits']))[0]).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('refuses an outcome, too, when the reserve is used up; the attempt runs on and can be settled later', async () => {
    const { state, host, attempt } = await setUp();
    state.room = 0;
    const settlement = { ...attempt, outcome: 'completed' as const, result: 'r'.repeat(2 << 20) };
    await expect(host.store.settle([settlement])).rejects.toBeInstanceOf(StoreWriteError);
    expect((await host.store.get(['runs']))[0]).toMatchObject({ status: 'active' });
    state.room = 20 << 20;
    expect(await host.store.settle([settlement])).toMatchObject([{ accepted: true }]);
  });

  it('is over when there is room again', async () => {
    const { dir, state, host, attempt } = await setUp();
    state.room = 0;
    await host.store.settle([{ ...attempt, outcome: 'completed' }]);
    state.room = 10 << 20;
    await until(() => host.log.problem === undefined);
    expect(readdirSync(dir)).toContain('reserve');
    await host.store.add([job('after')]);
    expect(await host.store.claim({ worker: 'w', limit: 5, wait: false })).toHaveLength(2);
    const live = stateOf(host);
    await host.kill();
    expect(await reopened(dir, host)).toEqual({ state: live, findings: [] });
  });
});

describe('a store that starts on a full disk', () => {
  it('opens, tells it, and takes jobs once there is room', async () => {
    const dir = tempDir();
    const { files, state } = disk(5_000);
    const host = await openHost(dir, { files });
    await host.log.keepReserve();
    expect(host.log.problem).toContain('disk is full');
    await expect(host.store.add([job('early')])).rejects.toBeInstanceOf(StoreWriteError);
    state.room = 10 << 20;
    await until(() => host.log.problem === undefined);
    await host.store.add([job('late')]);
    expect(await host.store.get(['early', 'late'])).toMatchObject([null, { id: 'late' }]);
  });
});

describe('a device that loses a sync', () => {
  /** Every sync fails as long as this lasts; nothing new can be created either, so that no other segment can take over. */
  const failing = (files: FaultyFiles): void => {
    files.plan = (call, args) =>
      call === 'fdatasync' || call === 'fsync' || (call === 'openSync' && args[1] === 'create') ? 'EIO' : undefined;
  };

  it('holds acknowledgements back until it has what was written', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const errors: unknown[] = [];
    const host = await openHost(dir, { files, durability: 'power', onError: (error) => errors.push(error) });
    await host.store.add([job('before')]);
    failing(files);
    let acknowledged = false;
    const added = host.store.add([job('meanwhile')]).then(() => {
      acknowledged = true;
    });
    await until(() => host.log.problem !== undefined);
    expect(errors).toMatchObject([{ code: 'WRITE_FAILED', cause: { code: 'EIO' } }]);
    expect(acknowledged).toBe(false);
    // Nothing more is taken while it lasts.
    await expect(host.store.add([job('refused')])).rejects.toBeInstanceOf(StoreWriteError);
    files.plan = undefined;
    await added;
    expect(host.log.problem).toBeUndefined();
    await host.store.add([job('after')]);
    const live = stateOf(host);
    await host.kill();
    const { state, findings } = await reopened(dir, host);
    expect(state).toEqual(live);
    expect(findings).toEqual([]);
    expect(state).toMatchObject({ ready: { a: ['before', 'meanwhile', 'after'] } });
  });

  it('once is no trouble: another segment takes over at once', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const errors: unknown[] = [];
    const host = await openHost(dir, { files, durability: 'power', onError: (error) => errors.push(error) });
    await host.store.add([job('before')]);
    let failed = 0;
    files.plan = (call) => (call === 'fdatasync' && failed++ === 0 ? 'EIO' : undefined);
    await host.store.add([job('meanwhile')]);
    expect({ failed, errors, problem: host.log.problem }).toEqual({ failed: 1, errors: [], problem: undefined });
    const live = stateOf(host);
    await host.kill();
    expect(await reopened(dir, host)).toEqual({ state: live, findings: [] });
  });

  it('and does not come back leaves nobody waiting after close', async () => {
    const files = faultyFiles();
    const host = await openHost(tempDir(), { files, durability: 'power' });
    failing(files);
    const added = host.store.add([job('meanwhile')]);
    await until(() => host.log.problem !== undefined);
    host.log.close();
    await expect(added).rejects.toBeInstanceOf(StoreWriteError);
    // Whoever comes later does not wait either.
    await expect(host.log.synced()).rejects.toBeInstanceOf(StoreWriteError);
    await expect(host.journal.close()).rejects.toBeInstanceOf(StoreWriteError);
    expect(() => host.log.write([{ seq: host.table.seq + 1, at: 0, op: 'pause', paused: true }])).toThrow(
      StoreClosedError,
    );
  });
});

describe('a file system that became read-only', () => {
  it('refuses what cannot be written, still answers, and goes on when it is writable again', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const host = await openHost(dir, { files });
    await host.store.add([job('before')]);
    const before = stateOf(host);
    files.plan = (call) => (call === 'writeSync' || call === 'ftruncateSync' ? 'EROFS' : undefined);
    await expect(host.store.add([job('refused')])).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      cause: { code: 'EROFS' },
    });
    await expect(host.store.claim({ worker: 'w', limit: 1, wait: false })).rejects.toBeInstanceOf(StoreWriteError);
    await expect(host.store.pause(true)).rejects.toBeInstanceOf(StoreWriteError);
    expect(stateOf(host)).toEqual(before);
    expect((await host.store.list()).jobs.map(({ id }) => id)).toEqual(['before']);
    files.plan = undefined;
    await host.store.add([job('after')]);
    const live = stateOf(host);
    await host.kill();
    expect(await reopened(dir, host)).toEqual({ state: live, findings: [] });
  });
});

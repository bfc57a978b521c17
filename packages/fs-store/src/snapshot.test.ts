import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { JobSpec, Json } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { type Files, nodeFiles } from './files';
import { recover } from './recovery';
import { listSnapshots, type SnapshotInfo } from './snapshot';
import { writeSnapshot } from './snapshot-write';
import { faultyFiles, systemError } from './testing/faults';
import { type JournalHost, openHost, stateOf } from './testing/journal-host';
import { line } from './testing/lines';
import { randomFrom, testSeed } from './testing/random';
import { tempDir } from './testing/temp-dir';

/** So many jobs take several slices, so that the history goes on in the middle of the snapshot. */
const JOBS = 1_100;
const RUNS = 4;
const HOUR = 3_600_000;
const TYPES = ['a', 'b', 'c'];
const WORKERS = ['w1', 'w2'];
const KEYS = ['k1', 'k2', 'k3'];

function snapshot(dir: string, host: JournalHost, pause: () => Promise<void> = async () => {}): Promise<SnapshotInfo> {
  const { table, bodies, clock } = host;
  return writeSnapshot({
    files: nodeFiles,
    dir,
    table,
    bodies,
    clock,
    tombstones: [],
    pause,
    synced: () => host.journal.sync(),
  });
}

/** What the journal's folder tells by now, as a table of its own. */
async function reread(dir: string, { clock }: JournalHost) {
  const host = await openHost(dir, { clock });
  const state = stateOf(host);
  await host.kill();
  return { state, recovered: host.recovered };
}

/** One random history. */
class History {
  readonly random: { below(limit: number): number };
  private number = 0;
  private readonly attempts: { id: string; token: string }[] = [];
  private readonly gone: string[] = [];

  constructor(
    private readonly host: JournalHost,
    seed: number,
  ) {
    this.random = randomFrom(seed);
  }

  async begin(): Promise<void> {
    // In one batch, so that some depend on jobs that come after them, slices away.
    const specs = Array.from({ length: JOBS }, () => this.spec());
    for (const spec of specs) {
      if (this.random.below(8) > 0) continue;
      const parent = this.pick(specs);
      // Parents have larger numbers than children: no cycles.
      if (Number(parent.id?.slice(1)) > Number(spec.id?.slice(1)) && parent.key === undefined)
        spec.dependsOn = [parent.id as string];
    }
    await this.host.store.add(specs);
    await this.steps(150);
  }

  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.step();
  }

  private async step(): Promise<void> {
    const { store, clock } = this.host;
    const { random } = this;
    const ids = this.someIds();
    switch (random.below(14)) {
      case 0:
      case 1:
        return void (await store.add(Array.from({ length: 1 + random.below(3) }, () => this.spec())));
      case 2: {
        const [parent] = this.someIds();
        return void (await store.add([{ ...this.spec(), ...(parent !== undefined && { dependsOn: [parent] }) }]));
      }
      case 3:
      case 4:
      case 5: {
        const jobs = await store.claim({ worker: this.pick(WORKERS), limit: 1 + random.below(20), wait: false });
        this.attempts.push(...jobs.map(({ job, token }) => ({ id: job.id, token })));
        return;
      }
      case 6:
      case 7:
        return this.settle();
      case 8:
        return void (await store.change({ change: { action: 'cancel' }, target: { ids } }));
      case 9:
        return void (await store.change({ change: { action: 'retry' }, target: { ids } }));
      case 10: {
        const { ids: removed } = await store.change({ change: { action: 'remove' }, target: { ids } });
        this.gone.push(...removed);
        return;
      }
      case 11: {
        const patch = { data: { edited: random.below(1e6) }, priority: 1 + random.below(10) };
        return void (await store.change({ change: { action: 'edit', patch }, target: { ids } }));
      }
      case 12: {
        if (random.below(2) === 0) return store.pause(random.below(2) === 0, { type: 'c' });
        const target = random.below(2) === 0 ? ({ to: 'top' } as const) : ({ to: 'bottom' } as const);
        return void (await store.change({ change: { action: 'move', target }, target: { ids } }));
      }
      default: {
        const attempt = this.attempts.at(-1);
        if (random.below(4) === 0) await clock.advance(random.below(2_000));
        else if (random.below(8) === 0) await store.takeBack([this.pick(WORKERS)], 'crashed');
        else if (attempt) await store.report([{ ...attempt, checkpoint: { at: random.below(1e6) }, progress: 50 }]);
      }
    }
  }

  private async settle(): Promise<void> {
    const { random } = this;
    const ended = this.attempts.splice(0, 1 + random.below(20));
    await this.host.store.settle(
      ended.map((attempt) => {
        const kind = random.below(4);
        if (kind < 2) return { ...attempt, outcome: 'completed', result: { by: attempt.token } };
        if (kind === 2) return { ...attempt, outcome: 'released' };
        const error = { name: 'Error', message: 'no' };
        return { ...attempt, outcome: 'failed', error, reason: 'error', retryIn: random.below(3) * 500 };
      }),
    );
  }

  private spec(): JobSpec {
    const { random } = this;
    const again = random.below(3) === 0 ? this.gone.pop() : undefined;
    const spec: JobSpec = {
      id: again ?? `j${this.number++}`,
      type: this.pick(TYPES),
      data: { text: 'ü'.repeat(random.below(30)), n: this.number },
    };
    if (random.below(4) === 0) spec.priority = 1 + random.below(10);
    if (random.below(10) === 0) spec.key = this.pick(KEYS);
    if (random.below(10) === 0) spec.runAt = this.host.clock.now() + random.below(5_000);
    if (random.below(10) === 0) spec.tags = ['red'];
    return spec;
  }

  /** Jobs in any state, from all over the store. */
  private someIds(): string[] {
    const all = [...this.host.table.entries.keys()];
    return Array.from({ length: Math.min(all.length, 1 + this.random.below(12)) }, () => this.pick(all));
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)] as T;
  }
}

/** Enough jobs that a snapshot pauses between what was added before them and what was added after. */
const FILLER: JobSpec[] = Array.from({ length: 600 }, (_, i) => ({ id: `filler${i}`, type: 'filler', data: i }));

/** Runs `change` once, in the first pause. */
function once(change: () => Promise<unknown>): () => Promise<void> {
  let done = false;
  return async () => {
    if (done) return;
    done = true;
    await change();
  };
}

async function complete({ store }: JournalHost, type: string, result?: Json): Promise<void> {
  const jobs = await store.claim({ worker: 'w', limit: 10, types: { [type]: 10 }, wait: false });
  expect(jobs.length).toBeGreaterThan(0);
  await store.settle(
    jobs.map(({ job, token }) => ({
      id: job.id,
      token,
      outcome: 'completed',
      ...(result !== undefined && { result }),
    })),
  );
}

const remove = ({ store }: JournalHost, ...ids: string[]) =>
  store.change({ change: { action: 'remove' }, target: { ids } });

describe('a snapshot', () => {
  it('together with the records since is the live table, whatever happens while it is written', async () => {
    const seed = testSeed();
    console.log(`snapshot test, seed ${seed} (LEVIATHAN_SEED=${seed} runs it again)`);
    for (let run = 0; run < RUNS; run++) {
      const dir = tempDir();
      const host = await openHost(dir, { memoryBytes: run % 2 === 0 ? 0 : 1 << 20, segmentBytes: 100_000 });
      const history = new History(host, seed + run);
      await history.begin();
      for (let round = 0; round < 2; round++) {
        const info = await snapshot(dir, host, () => history.steps(25));
        expect(info.to).toBeGreaterThan(info.from);
        await history.steps(round * 30);
        const { state, recovered } = await reread(dir, host);
        expect(recovered.snapshot, `seed ${seed + run}`).toMatchObject({ name: info.name, to: info.to });
        expect(recovered.findings).toEqual([]);
        const live = stateOf(host);
        // Quick when they are equal; a readable difference when they are not.
        if (!isDeepStrictEqual(state, live)) expect(state, `seed ${seed + run}, round ${round}`).toEqual(live);
      }
      await host.kill();
    }
  });

  it('holds a job once that was removed and added again while it was written', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'twice', type: 'a', data: 'old' }, ...FILLER]);
    await snapshot(
      dir,
      host,
      once(async () => {
        await remove(host, 'twice');
        await host.store.add([{ id: 'twice', type: 'a', data: 'new' }]);
      }),
    );
    const { state } = await reread(dir, host);
    expect(state).toEqual(stateOf(host));
    expect(state).toMatchObject({ size: 601, ready: { a: ['twice'] }, counts: { ready: 601 } });
  });

  it('releases a job whose parent completed after the one and before the other was written', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([
      { id: 'child', type: 'child', data: 1, dependsOn: ['parent'] },
      ...FILLER,
      { id: 'parent', type: 'parent', data: 1 },
    ]);
    await snapshot(
      dir,
      host,
      once(() => complete(host, 'parent')),
    );
    const { state } = await reread(dir, host);
    expect(state).toMatchObject({ ready: { child: ['child'] }, counts: { blocked: 0 } });
  });

  it('releases no job that waits for another job, which got the id of a completed one', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'parent', type: 'parent', data: 1 }, ...FILLER]);
    await snapshot(
      dir,
      host,
      once(async () => {
        await complete(host, 'parent');
        await remove(host, 'parent');
        await host.store.add([
          { id: 'parent', type: 'parent', data: 2 },
          { id: 'child', type: 'child', data: 1, dependsOn: ['parent'] },
        ]);
      }),
    );
    const { state } = await reread(dir, host);
    expect(state).toMatchObject({ counts: { blocked: 1 }, dependents: { parent: ['child'] } });
  });

  it('keeps the order in which jobs finished, by which they are archived', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add(['c', 'b', 'a'].map((type) => ({ id: type, type, data: 1 })));
    for (const type of ['a', 'b', 'c']) await complete(host, type);
    await snapshot(dir, host);
    expect((await reread(dir, host)).state).toMatchObject({ completed: ['a', 'b', 'c'] });
  });

  it('knows the process of a worker that ran nothing when it was written', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    // Recorded once, when it first claims, as the store of an owner does.
    host.journal.append(line(1, { op: 'worker', worker: 'w', instance: 'process-1' }));
    host.table.apply({ seq: 1, at: 0, op: 'worker', worker: 'w', instance: 'process-1' });
    await host.store.add([{ id: 'job', type: 'a', data: 1 }]);
    await snapshot(dir, host);
    await host.store.claim({ worker: 'w', limit: 1, wait: false });
    const { recovered } = await reread(dir, host);
    expect(recovered.table.byWorker.has('w')).toBe(true);
    expect(recovered.table.workers.get('w')).toBe('process-1');
  });

  it('knows how far schedules are, whatever they do while it is written', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    const { store, clock } = host;
    await store.open();
    const set = (name: string, value: Json) => store.define([{ kind: 'schedule', name, value }]);
    const hourly = { every: HOUR, job: { type: 'a', data: null } };
    for (const name of ['stays', 'changed', 'gone']) await set(name, hourly);
    await clock.advance(3 * HOUR);
    await store.add(Array.from({ length: JOBS }, () => ({ type: 'b', data: 1 })));
    let slices = 0;
    await snapshot(dir, host, async () => {
      await clock.advance(HOUR);
      if (slices++ > 0) return;
      await set('changed', { ...hourly, every: 2 * HOUR });
      await set('gone', null);
      await set('late', hourly);
    });
    expect(slices).toBeGreaterThan(1);
    const live = stateOf(host);
    await clock.advance(HOUR / 2);
    const { state, recovered } = await reread(dir, host);
    expect(recovered.findings).toEqual([]);
    expect(state).toEqual(live);
    expect(recovered.table.schedules.get('stays')).toMatchObject({ runs: 3 + slices, job: expect.any(String) });
  });

  it('tells which removed jobs may still have a file', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'job', type: 'a', data: 1 }]);
    const { table, bodies, clock } = host;
    const pause = async (): Promise<void> => {};
    await writeSnapshot({ files: nodeFiles, dir, table, bodies, clock, tombstones: ['gone'], pause, synced: pause });
    await remove(host, 'job');
    expect([...(await reread(dir, host)).recovered.tombstones].sort()).toEqual(['gone', 'job']);
  });

  it('waits until the records that it shows are safe, and is given up when they cannot be', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const host = await openHost(dir, { files, durability: 'power' });
    await host.store.add([{ id: 'job', type: 'a', data: 1 }]);
    // Nobody waits for these, so nothing has synced them.
    host.journal.append(line(2, { op: 'pause', paused: true }));
    host.table.apply({ seq: 2, at: 0, op: 'pause', paused: true });
    expect(host.journal.synced).toBe(false);
    files.plan = (call, [fd]) => (call === 'fdatasync' || (call === 'fsync' && fd !== undefined) ? 'EIO' : undefined);
    await expect(snapshot(dir, host)).rejects.toThrow('EIO');
    files.plan = undefined;
    expect(listSnapshots(nodeFiles, dir)).toEqual([]);
    await host.journal.repair();
    await snapshot(dir, host);
    expect(host.journal.synced).toBe(true);
    expect(listSnapshots(nodeFiles, dir)).toHaveLength(1);
  });

  it.each(['create', 'write', 'fsync', 'renameSync'])(
    'leaves nothing behind when a call fails: %s',
    async (failing) => {
      const dir = tempDir();
      const files = faultyFiles();
      const host = await openHost(dir);
      await host.store.add(FILLER);
      const before = readdirSync(dir);
      files.plan = (call, args) =>
        call === failing || (call === 'openSync' && args[1] === failing) ? 'ENOSPC' : undefined;
      const { table, bodies, clock } = host;
      const pause = async (): Promise<void> => {};
      const taken = writeSnapshot({ files, dir, table, bodies, clock, tombstones: [], pause, synced: pause });
      await expect(taken).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(readdirSync(dir)).toEqual(before);
      expect((await reread(dir, host)).state).toEqual(stateOf(host));
    },
  );
});

describe('a damaged snapshot', () => {
  const DAMAGES: Record<string, (path: string) => void> = {
    'without its last line': (path) => truncateSync(path, readFileSync(path).lastIndexOf('\n', -2) + 1),
    'torn in the middle of a line': (path) => truncateSync(path, Math.floor(readFileSync(path).length / 2)),
    'with a flipped bit': (path) => {
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length / 3);
      bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(path, bytes);
    },
    'with a line too few': (path) => {
      const lines = readFileSync(path, 'utf8').split('\n');
      lines.splice(5, 1);
      writeFileSync(path, lines.join('\n'));
    },
    'of a newer version': (path) =>
      writeFileSync(
        path,
        line(0, { op: 'snapshot', format: 2, from: 1, at: 0, paused: { all: false, types: [] } }).lines,
      ),
    'with a line of an unknown kind': (path) => {
      const bytes = readFileSync(path);
      const end = bytes.lastIndexOf('\n', -2) + 1;
      writeFileSync(
        path,
        Buffer.concat([bytes.subarray(0, end), line(0, { op: 'riddle' }).lines, bytes.subarray(end)]),
      );
    },
    'with a job that is none': (path) => {
      const bytes = readFileSync(path);
      const end = bytes.indexOf('\n') + 1;
      writeFileSync(path, Buffer.concat([bytes.subarray(0, end), line(0, { op: 'job' }).lines, bytes.subarray(end)]));
    },
    'that is empty': (path) => truncateSync(path, 0),
  };

  it.each(Object.keys(DAMAGES))('%s: the older one is used, then the whole journal', async (kind) => {
    const damage = DAMAGES[kind] as (path: string) => void;
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add(FILLER.slice(0, 50));
    const older = await snapshot(dir, host);
    await complete(host, 'filler', { done: true });
    const newer = await snapshot(dir, host);
    await remove(host, 'filler0', 'filler1');
    const live = stateOf(host);

    damage(join(dir, newer.name));
    const second = await reread(dir, host);
    expect(second.state).toEqual(live);
    expect(second.recovered.snapshot?.name).toBe(older.name);
    expect(second.recovered.findings).toMatchObject([{ kind: 'snapshot', file: newer.name }]);

    damage(join(dir, older.name));
    const third = await reread(dir, host);
    expect(third.state).toEqual(live);
    expect(third.recovered.snapshot).toBeUndefined();
    expect(third.recovered.findings).toMatchObject([
      { kind: 'snapshot', file: newer.name },
      { kind: 'snapshot', file: older.name },
    ]);
    expect(third.recovered.findings[0]?.message).toContain(newer.name);
  });

  it('that cannot be read for another reason is no damage: the store does not open over it', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'job', type: 'a', data: 1 }]);
    await snapshot(dir, host);
    const files = faultyFiles((call, args) =>
      call === 'openSync' && String(args[0]).includes('snapshot') ? 'EMFILE' : undefined,
    );
    await expect(recover(files, dir, host.clock)).rejects.toMatchObject({ code: 'EMFILE' });
  });

  it('on a bad sector is passed over like any other', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'job', type: 'a', data: 1 }]);
    const { name } = await snapshot(dir, host);
    const bad = new Set<unknown>();
    const files: Files = {
      ...nodeFiles,
      openSync: (path, mode) => {
        const fd = nodeFiles.openSync(path, mode);
        if (path.endsWith(name)) bad.add(fd);
        return fd;
      },
      closeSync: (fd) => {
        bad.delete(fd);
        nodeFiles.closeSync(fd);
      },
      read: (fd, ...rest) => (bad.has(fd) ? Promise.reject(systemError('EIO', 'read')) : nodeFiles.read(fd, ...rest)),
    };
    const recovered = await recover(files, dir, host.clock);
    expect(recovered.findings).toMatchObject([{ kind: 'snapshot', file: name }]);
    expect([...recovered.table.entries.keys()]).toEqual(['job']);
  });
});

import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ClaimedJob, Job, JobCounts, JobPage } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { doctor } from './doctor';
import { fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { eventually } from './testing/eventually';
import { ownerPid, prepareStoreProcesses, StoreProcess } from './testing/store-process';
import { tempDir } from './testing/temp-dir';

prepareStoreProcesses();

const EMPTY = { type: 'a', data: null };

describe.each([
  ['the kernel locks', { fallbackLock: false }],
  ['lock files', { fallbackLock: true }],
] as const)('processes on one root, with %s', (_name, kind) => {
  it('share one queue: each gets work, and each job is done once', async () => {
    const swarm = await start(3, kind);
    const jobs = 300;
    for (const [i, process] of swarm.entries()) {
      await process.work({ worker: `w${i}`, types: { a: 4 }, slots: 4, ms: 2 });
    }
    const added = await swarm[2].add(Array.from({ length: jobs }, () => EMPTY));
    const completed = () => swarm.flatMap(({ ran }) => ran.filter(({ what }) => what === 'completed'));
    await eventually('all jobs are done', () => completed().length >= jobs);
    expect(completed().every(({ accepted, attempt }) => accepted && attempt === 1)).toBe(true);
    expect(new Set(completed().map(({ id }) => id))).toEqual(new Set(added.map(({ id }) => id)));
    for (const { ran } of swarm) expect(ran.length).toBeGreaterThan(0);
    expect(await counts(swarm[0])).toMatchObject({ pending: 0, active: 0, completed: jobs, failed: 0 });
  });

  it('go on when the owner leaves, and keep what they run', async () => {
    const { owner, clients } = await startAndSort(3, kind);
    const [first, second] = clients;
    await owner.add([EMPTY, EMPTY, EMPTY]);
    const ofOwner = await owner.take('owner');
    const ofFirst = await first.take('first');
    const ofSecond = await second.take('second');
    await owner.call('close');
    // Given back without an attempt spent, so the next attempt is the first again.
    const again = await first.take('first');
    expect(again.job).toMatchObject({ id: ofOwner.job.id, attempt: 1 });
    await eventually('the next one owns the store', () => isOneOf(ownerPid(rootOf(owner)), clients));
    const [next, last] = sortByOwner(rootOf(owner), clients);
    const [ofNext, ofLast] = next === first ? [ofFirst, ofSecond] : [ofSecond, ofFirst];
    // A worker that claims again from the new owner is still its process's, so its job stays when this owner leaves, too.
    const worker = last === first ? 'first' : 'second';
    await expect(last.claim({ worker, limit: 1, wait: false })).resolves.toEqual([]);
    await expect(next.complete(ofNext)).resolves.toMatchObject({ accepted: true });
    await next.call('close');
    await expect(last.complete(ofLast)).resolves.toMatchObject({ accepted: true });
    const [job] = await last.call<Job[]>('get', [ofLast.job.id]);
    expect(job).toMatchObject({ status: 'completed', attempt: 1, metadata: { retries: 0 } });
  });

  it('take over the jobs of a client that is killed at once, and leave the others theirs', async () => {
    const { owner, clients } = await startAndSort(3, kind);
    const [victim, other] = clients;
    await owner.add([EMPTY, EMPTY]);
    const lost = await victim.take('victim');
    const kept = await other.take('other');
    const waiting = owner.take('owner');
    const killedAt = Date.now();
    await victim.kill();
    const again = await waiting;
    const took = Date.now() - killedAt;
    console.log(`a killed client's job runs again after ${took} ms`);
    expect(took).toBeLessThan(2_000);
    expect(again.job).toMatchObject({ id: lost.job.id, attempt: 2, metadata: { crashes: 1 } });
    await expect(other.complete(kept)).resolves.toMatchObject({ accepted: true });
    expect(ownerPid(rootOf(owner))).toBe(owner.pid);
  });

  it('go on when the owner is killed, again and again, and keep what they run', async () => {
    const root = join(tempDir(), 'jobs');
    const options = { ...kind, root };
    const gaps: number[] = [];
    const rounds = kind.fallbackLock ? 2 : 5;
    const alive = await Promise.all([1, 2, 3].map(() => StoreProcess.open(options)));
    const all = [...alive];
    const kept = new Map<StoreProcess, ClaimedJob>();
    const begin = async (process: StoreProcess): Promise<void> => {
      await process.add([{ type: 'long', data: null }]);
      const [claimed] = await process.claim({
        worker: `${process.pid}-long`,
        limit: 1,
        types: { long: 1 },
        wait: true,
      });
      kept.set(process, claimed as ClaimedJob);
      await process.work({ worker: `${process.pid}`, types: { a: 3 }, slots: 3, ms: 10 });
    };
    for (const process of alive) await begin(process);
    let added = 0;
    const fill = async (process: StoreProcess): Promise<void> => {
      added += (await process.add(Array.from({ length: 400 }, () => EMPTY))).length;
    };
    for (let round = 0; round < rounds; round++) {
      const [owner, survivor] = sortByOwner(root, alive);
      await fill(survivor);
      await survivor.told(({ what }) => what === 'completed');
      const killedAt = Date.now();
      // While it is under way: whether it counts is for the survivor to find out.
      const filling = fill(survivor);
      const dead = owner.kill();
      alive.splice(alive.indexOf(owner), 1);
      const next = await Promise.race(
        alive.map((process) => process.told(({ what, asked }) => what === 'completed' && asked > killedAt)),
      );
      gaps.push(next.at - killedAt);
      await Promise.all([dead, filling]);
      // What the dead one ran is done by the others, the job that it held by nobody else but who asks for it.
      const orphan = kept.get(owner)?.job.id;
      const [taken] = await survivor.claim({ worker: 'heir', limit: 1, types: { long: 1 }, wait: true });
      expect(taken?.job).toMatchObject({ id: orphan, attempt: 2, metadata: { crashes: 1 } });
      await survivor.complete(taken as ClaimedJob);
      kept.delete(owner);
      const fresh = await StoreProcess.open(options);
      alive.push(fresh);
      all.push(fresh);
      await begin(fresh);
    }
    console.log(`from the kill of an owner to the next completion: ${gaps.join(', ')} ms`);
    for (const gap of gaps) expect(gap).toBeLessThan(2_000);
    for (const [process, claimed] of kept) {
      expect(claimed.job.attempt).toBe(1);
      await expect(process.complete(claimed)).resolves.toMatchObject({ accepted: true });
    }
    const [process] = alive as [StoreProcess];
    await eventually('all is done', async () => {
      const { pending, active } = await counts(process);
      return pending + active === 0;
    });
    const jobs = await everything(process);
    expect(jobs.length).toBe(added + 3 + rounds);
    expect(jobs.every(({ status }) => status === 'completed')).toBe(true);
    const attempts = new Map(jobs.map((job) => [job.id, job.attempt]));
    for (const job of jobs) expect(job.attempt - 1).toBe(job.metadata.crashes ?? 0);
    // Whatever was started a second time, a dead process had.
    const repeated = all
      .filter(({ killed }) => !killed)
      .flatMap(({ ran }) => ran.filter(({ what, id, attempt }) => what === 'started' && attempt !== attempts.get(id)));
    expect(repeated).toEqual([]);
    const completions = all.flatMap(({ ran }) => ran.filter(({ what, accepted }) => what === 'completed' && accepted));
    expect(new Set(completions.map(({ id }) => id)).size).toBe(completions.length);
  }, 60_000);

  it('leave a client its jobs that stands still, also under another owner', async () => {
    const { owner, clients } = await startAndSort(3, kind);
    const [still, heir] = clients;
    await owner.add([EMPTY]);
    const held = await still.take('still');
    still.stop();
    await owner.kill();
    await expect(heir.claim({ worker: 'heir', limit: 1, wait: false })).resolves.toEqual([]);
    // The new owner looks after the absent twice a second at least.
    const until = Date.now() + 1_200;
    await eventually('it had time to be taken for dead', async () => {
      expect(await counts(heir)).toMatchObject({ pending: 0, active: 1 });
      return Date.now() > until;
    });
    const completed = still.complete(held);
    still.continue();
    await expect(completed).resolves.toMatchObject({ accepted: true });
    const [job] = await heir.call<Job[]>('get', [held.job.id]);
    expect(job).toMatchObject({ status: 'completed', attempt: 1, metadata: { retries: 0 } });
  });

  it('wait for an owner that stands still', async () => {
    const { owner, clients } = await startAndSort(2, kind);
    const [client] = clients;
    owner.stop();
    const answered = { value: false };
    const adding = client.add([EMPTY]).finally(() => {
      answered.value = true;
    });
    const late = await StoreProcess.start({ root: rootOf(owner), ...kind });
    const opening = late.call('open').finally(() => {
      answered.value = true;
    });
    const impatient = await StoreProcess.start({ root: rootOf(owner), ...kind, patience: 300 });
    await expect(impatient.call('open')).rejects.toMatchObject({
      code: 'OWNER_SILENT',
      message: expect.stringContaining(`process ${owner.pid}`),
    });
    expect(answered.value).toBe(false);
    owner.continue();
    await Promise.all([adding, opening]);
    expect(ownerPid(rootOf(owner))).toBe(owner.pid);
    expect(await counts(late)).toMatchObject({ pending: 1 });
  });
});

describe('an owner whose lock file is removed by hand', () => {
  it.each([
    ['lock', { fallbackLock: false }],
    ['lock.pid', { fallbackLock: true }],
  ])('takes %s again, and its clients go on', async (name, kind) => {
    const { owner, clients } = await startAndSort(2, kind);
    const [client] = clients;
    const root = rootOf(owner);
    await owner.add([EMPTY]);
    const held = await client.take('client');
    const waiting = client.take('client');
    rmSync(join(root, name));
    await eventually('somebody holds a lock again', () => existsSync(join(root, name)));
    await owner.add([EMPTY]);
    await expect(waiting).resolves.toMatchObject({ job: { attempt: 1 } });
    await expect(client.complete(held)).resolves.toMatchObject({ accepted: true });
    await client.complete(await waiting);
    await client.call('close');
    await owner.call('close');
    expect((await doctor({ root })).findings).toEqual([]);
  });

  it('writes nothing more when it stood still while another took the store', async () => {
    const { owner, clients } = await startAndSort(2);
    const [client] = clients;
    const root = rootOf(owner);
    await owner.add([EMPTY]);
    const held = await owner.take('owner');
    owner.stop();
    rmSync(join(root, 'lock'));
    const next = await StoreProcess.open({ root });
    expect(ownerPid(root)).toBe(next.pid);
    // What it finds to do as soon as it goes on: long before it would look after its lock by itself.
    const asked = [owner.add([EMPTY]), client.add([EMPTY]), owner.add([EMPTY]), client.add([EMPTY])];
    const completed = owner.complete(held);
    await next.add([EMPTY]);
    owner.continue();
    await Promise.all(asked);
    await expect(completed).resolves.toMatchObject({ accepted: true });
    expect(await counts(next)).toMatchObject({ pending: 5, active: 0, completed: 1 });
    for (const process of [owner, client, next]) await process.kill();
    const late = await StoreProcess.open({ root });
    expect(await counts(late)).toMatchObject({ pending: 5, active: 0, completed: 1 });
    await late.call('close');
    expect((await doctor({ root })).findings).toEqual([]);
  });

  it('gives way to who took the store meanwhile', async () => {
    const { owner, clients } = await startAndSort(2);
    const [client] = clients;
    const root = rootOf(owner);
    await owner.add([EMPTY, EMPTY]);
    const held = await owner.take('owner');
    const waiting = client.claim({ worker: 'client', limit: 1, types: { b: 1 }, wait: true });
    // It would notice before another process could start.
    owner.stop();
    rmSync(join(root, 'lock'));
    const next = await StoreProcess.open({ root });
    owner.continue();
    expect(ownerPid(root)).toBe(next.pid);
    await eventually('all are clients of the new one', async () => {
      const { details } = await next.call<{ details: { clients: number } }>('health');
      return details.clients === 2;
    });
    await owner.add([{ type: 'b', data: null }]);
    await expect(waiting).resolves.toMatchObject([{ job: { type: 'b' } }]);
    await expect(owner.complete(held)).resolves.toMatchObject({ accepted: true });
    expect(await counts(next)).toMatchObject({ pending: 1, active: 1, completed: 1 });
    const late = await StoreProcess.open({ root });
    expect(await counts(late)).toMatchObject({ pending: 1 });
    for (const process of [late, client, owner, next]) await process.call('close');
    expect((await doctor({ root })).findings).toEqual([]);
  });
});

describe('a root', () => {
  it('may be opened twice by one process', async () => {
    const root = join(tempDir(), 'jobs');
    const [one, two] = [fsStore({ root }), fsStore({ root })];
    await Promise.all([one.open(), two.open()]);
    await one.add([EMPTY, EMPTY]);
    const [a] = await one.claim({ worker: 'one', limit: 1, wait: true });
    const [b] = await two.claim({ worker: 'two', limit: 1, wait: true });
    expect(a?.job.id).not.toBe(b?.job.id);
    await one.close();
    // Released by its end, and kept by the other's.
    const [again] = await two.claim({ worker: 'two', limit: 5, wait: true });
    expect(again?.job).toMatchObject({ id: a?.job.id, attempt: 1 });
    expect(await two.settle([{ id: b?.job.id ?? '', token: b?.token ?? '', outcome: 'completed' }])).toMatchObject([
      { accepted: true },
    ]);
    await two.close();
  });

  it.each([
    ['is longer than a socket address', 'x'.repeat(200)],
    ['has spaces and other letters', 'mes tâches 仕事 $HOME "quoted"'],
  ])('that %s serves several processes', async (_name, folder) => {
    const root = join(tempDir(), folder);
    const first = await StoreProcess.open({ root });
    const second = await StoreProcess.open({ root });
    await first.add([EMPTY]);
    await second.complete(await second.take('second'));
    expect(await counts(first)).toMatchObject({ completed: 1 });
    await first.kill();
    expect(await counts(second)).toMatchObject({ completed: 1 });
    const third = await StoreProcess.open({ root });
    expect(await counts(third)).toMatchObject({ completed: 1 });
    expect(ownerPid(root)).toBe(second.pid);
    // What stands below the temporary folder goes with the owner.
    await third.call('close');
    await second.call('close');
  });

  it('is the same folder by a relative path, for processes that run elsewhere', async () => {
    const root = join(tempDir(), 'jobs');
    const store = fsStore({ root: relative(process.cwd(), root) });
    await store.add([EMPTY]);
    expect(store.root).toBe(root);
    const elsewhere = await StoreProcess.open({ root });
    expect(await counts(elsewhere)).toMatchObject({ pending: 1 });
    await store.close();
  });
});

async function start(count: number, options: FsStoreOptions = {}): Promise<[StoreProcess, StoreProcess, StoreProcess]> {
  const root = join(tempDir(), 'jobs');
  const swarm = await Promise.all(Array.from({ length: count }, () => StoreProcess.open({ root, ...options })));
  for (const process of swarm) roots.set(process, root);
  return swarm as [StoreProcess, StoreProcess, StoreProcess];
}

async function startAndSort(count: number, options: FsStoreOptions = {}) {
  const swarm = await start(count, options);
  const [owner, ...clients] = sortByOwner(rootOf(swarm[0]), swarm);
  return { owner, clients: clients as [StoreProcess, StoreProcess] };
}

const roots = new WeakMap<StoreProcess, string>();

function rootOf(process: StoreProcess): string {
  return roots.get(process) ?? '';
}

/** The owner first. */
function sortByOwner(root: string, processes: StoreProcess[]): [StoreProcess, StoreProcess, ...StoreProcess[]] {
  const owner = processes.find(({ pid }) => pid === ownerPid(root));
  if (!owner) throw new Error(`None of the processes owns ${root}.`);
  return [owner, ...processes.filter((process) => process !== owner)] as [StoreProcess, StoreProcess];
}

function isOneOf(pid: number | undefined, processes: StoreProcess[]): boolean {
  return processes.some((process) => process.pid === pid);
}

function counts(process: StoreProcess): Promise<JobCounts> {
  return process.call('counts');
}

async function everything(process: StoreProcess): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page: JobPage = await process.call('list', { limit: 1_000, ...(cursor !== undefined && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOB_STATUSES, type Job, type JobStatus, type JobStore } from '@leviathan/core';
import { expect, it } from 'vitest';
import { doctor } from './doctor';
import { fsStore } from './fs-store';
import { bundle } from './testing/bundle';
import { randomFrom, testSeed } from './testing/random';
import { tempDir } from './testing/temp-dir';

const KILLS = 220;
const PROCESSES = 3;

/** Everything that the processes were promised, as their own files tell. */
interface Promises {
  added: Set<string>;
  starts: Map<string, string>;
  startsOf: Map<string, number>;
  completed: Map<string, string>;
  settledTokens: string[];
}

it(`loses nothing and settles nothing twice when its processes are killed ${KILLS} times`, {
  timeout: 600_000,
}, async () => {
  const seed = testSeed();
  console.log(`kill test, seed ${seed} (LEVIATHAN_SEED=${seed} runs it again)`);
  const random = randomFrom(seed);
  const dir = tempDir();
  const root = join(dir, 'jobs');
  const program = await bundle('kill-child', dir);
  const swarm = new Swarm(program, root, dir, random);

  let kills = 0;
  let ownersKilled = 0;
  while (kills < KILLS) {
    await swarm.fill();
    await pause(5 + random.below(120));
    // Now and then all at once, as a power button does it; otherwise some survive and must carry on.
    const victims = random.below(8) === 0 ? swarm.size : 1 + random.below(PROCESSES - 1);
    ownersKilled += await swarm.kill(victims);
    kills += victims;
    if (kills % 40 < victims) await checkFoldersAfterCrash(root, swarm);
  }
  await swarm.kill(swarm.size);

  const store = fsStore({ root, retention: { completed: { count: 1e6 } } });
  await drain(store);
  const jobs = await everything(store);
  await store.close();
  const promises = readPromises(dir);

  expect(ownersKilled).toBeGreaterThan(20);
  expect(promises.added.size).toBeGreaterThan(KILLS);
  const byId = new Map(jobs.map((job) => [job.id, job]));
  expect([...promises.added].filter((id) => !byId.has(id))).toEqual([]);
  expect(promises.settledTokens.length).toBe(new Set(promises.settledTokens).size);
  for (const [id, token] of promises.completed) {
    expect(byId.get(id)?.status).toBe('completed');
    expect(byId.get(id)?.result).toEqual({ token });
  }
  for (const [id, starts] of promises.startsOf) expect(byId.get(id)?.attempt).toBeGreaterThanOrEqual(starts);
  expect(jobs.filter((job) => job.status !== 'completed')).toEqual([]);
  const report = await doctor({ root });
  expect(report.findings).toEqual([]);
  expectFolders(root, jobs);
  console.log(
    `${kills} kills (${ownersKilled} of owners), ${jobs.length} jobs, ${promises.starts.size} starts, 0 lost, 0 settled twice`,
  );
});

/** The processes, at most {@link PROCESSES} at once. */
class Swarm {
  private readonly running = new Set<ChildProcess>();
  private started = 0;

  constructor(
    private readonly program: string,
    private readonly root: string,
    private readonly dir: string,
    private readonly random: { below(limit: number): number },
  ) {}

  get size(): number {
    return this.running.size;
  }

  /** Starts what is missing; each must open the store and say so. */
  async fill(): Promise<void> {
    const missing = PROCESSES - this.running.size;
    await Promise.all(Array.from({ length: missing }, () => this.start()));
  }

  /** Kills some; returns how many of them owned the store. */
  async kill(count: number): Promise<number> {
    const victims = [...this.running].sort(() => this.random.below(3) - 1).slice(0, count);
    const owner = ownerPid(this.root);
    let owners = 0;
    for (const victim of victims) {
      if (victim.pid === owner) owners++;
      victim.kill('SIGKILL');
    }
    await Promise.all(
      victims.map((victim) =>
        victim.exitCode === null && victim.signalCode === null ? once(victim, 'exit') : undefined,
      ),
    );
    for (const victim of victims) this.running.delete(victim);
    return owners;
  }

  private async start(): Promise<void> {
    const log = join(this.dir, `promises-${++this.started}`);
    const child = fork(this.program, [this.root, log, String(this.random.below(1e9))], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.running.add(child);
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`A process ended with ${code} before it had opened the store.`);
      }),
    ])) as [string];
    expect(['owner', 'client']).toContain(message);
  }
}

/** All processes are dead or about to be: the store must open, and then show in its folders exactly what the journal tells. */
async function checkFoldersAfterCrash(root: string, swarm: Swarm): Promise<void> {
  await swarm.kill(swarm.size);
  const store = fsStore({ root, retention: { completed: { count: 1e6 } } });
  await store.open();
  const jobs = await everything(store);
  await store.close();
  // Closing gives back nothing that others ran: all are dead, so nothing is active.
  expect(jobs.filter((job) => job.status === 'active')).toEqual([]);
  expectFolders(root, jobs);
}

function expectFolders(root: string, jobs: Job[]): void {
  for (const status of JOB_STATUSES) {
    const names = readdirSync(join(root, status)).sort();
    expect(names).toEqual(
      jobs
        .filter((job) => job.status === status)
        .map((job) => `${job.id}.json`)
        .sort(),
    );
    for (const name of names) {
      const file = JSON.parse(readFileSync(join(root, status, name), 'utf8')) as { status: JobStatus };
      expect(file.status).toBe(status);
    }
  }
}

/** Runs what is left to its end. */
async function drain(store: JobStore): Promise<void> {
  for (;;) {
    const { pending, active } = await store.counts();
    if (pending + active === 0) return;
    // Retries wait a few milliseconds; the dead are noticed within as many.
    const jobs = await store.claim({ worker: 'last', limit: 100, wait: true }, { signal: AbortSignal.timeout(1_000) });
    await store.settle(jobs.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed', result: { token } })));
  }
}

async function everything(store: JobStore): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
    jobs.push(...page.jobs);
    cursor = page.next;
    if (cursor === undefined) return jobs;
  }
}

function readPromises(dir: string): Promises {
  const promises: Promises = {
    added: new Set(),
    starts: new Map(),
    startsOf: new Map(),
    completed: new Map(),
    settledTokens: [],
  };
  for (const name of readdirSync(dir).filter((file) => file.startsWith('promises-'))) {
    for (const line of readFileSync(join(dir, name), 'utf8').split('\n')) {
      const [kind, id, token] = line.split(' ');
      if (id === undefined) continue;
      if (kind === 'A') promises.added.add(id);
      if (token === undefined) continue;
      if (kind === 'S') {
        // A token opens one attempt, ever.
        expect(promises.starts.get(token)).toBeUndefined();
        promises.starts.set(token, id);
        promises.startsOf.set(id, (promises.startsOf.get(id) ?? 0) + 1);
      }
      if (kind === 'D' || kind === 'R') promises.settledTokens.push(token);
      if (kind === 'D') {
        expect(promises.completed.get(id)).toBeUndefined();
        promises.completed.set(id, token);
      }
    }
  }
  return promises;
}

function ownerPid(root: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(root, 'owner.json'), 'utf8')) as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Some rounds over one folder, and what is left of it. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { FsStoreOptions } from '../../src/options';
import { nextBlow, noToll, type Scene, type Toll } from './blows';
import { sharedClock } from './evidence';
import { finalStateOf, journalOf, waitUntilDone } from './final-state';
import { Swarm } from './swarm';
import { type Fault, type FinalState, judge } from './verdict';

/** What a stage is told. */
export interface StageOptions {
  program: string;
  /** Where its folder is made. */
  dir: string;
  name: string;
  rounds: number;
  durability: 'power' | 'process';
  random: { below(limit: number): number };
}

/** How a stage ended. */
export interface StageResult {
  toll: Toll;
  /** Terms of owners, at least: one that wrote no segment of its own is not seen. */
  owners: number;
  segments: number;
  jobs: number;
  completed: number;
  starts: number;
  archived: number;
  faults: (Fault & { round: number })[];
  /** What the blow of each round was. */
  blows: string[];
  /** Kept for inspection when there are faults. */
  folder: string | undefined;
}

const SIZE = 3;

/** Plays a stage. */
export async function playStage(options: StageOptions): Promise<StageResult> {
  const { program, dir, name, random, durability, rounds } = options;
  const folder = mkdtempSync(join(realpathSync(dir), `leviathan-kill-${name}-`));
  const root = join(folder, 'jobs');
  const store = { root, durability, ...smallLimits(random) };
  const swarm = new Swarm(program, folder, store, random);
  const toll = noToll();
  const scene: Scene = { swarm, root, random, toll, size: SIZE, mayDepose: !store.fallbackLock };
  const began: number[] = [];
  const blows: string[] = [];
  const faults: Fault[] = [];
  let final: FinalState | undefined;
  try {
    for (let round = 0; round < rounds; round++) {
      began.push(sharedClock());
      await playRound(scene, blows);
    }
    began.push(sharedClock());
    final = await endStage(scene, store, faults);
  } catch (error) {
    faults.push({ kind: 'stuck', message: String((error as Error).stack ?? error), at: sharedClock() });
  } finally {
    await swarm.killAll();
  }
  const lives = swarm.lives();
  faults.push(...swarm.suicides(), ...judge(lives, final));
  const notes = lives.flatMap((life) => life.notes);
  const journal = journalOf(root);
  if (faults.length === 0) rmSync(folder, { recursive: true, force: true });
  return {
    toll,
    ...journal,
    jobs: notes.reduce((sum, note) => sum + (note.kind === 'add!' ? note.ids.length : 0), 0),
    completed: [...(final?.jobs.values() ?? []), ...(final?.archived.values() ?? [])].filter(
      ({ status }) => status === 'completed',
    ).length,
    starts: notes.filter(({ kind }) => kind === 'run').length,
    archived: final?.archived.size ?? 0,
    faults: faults.map((fault) => ({ ...fault, round: roundOf(began, fault.at) })),
    blows,
    folder: faults.length > 0 ? folder : undefined,
  };
}

/** Small enough that a few rounds see new segments, snapshots and archives, and that a kill often falls into one of them. */
function smallLimits({ below }: { below(limit: number): number }): Partial<FsStoreOptions> {
  return {
    segmentBytes: 8_192 << below(4),
    snapshotBytes: 16_384 << below(4),
    retention: { completed: { count: 20 + below(200) }, failed: { count: 10 + below(50) } },
    memoryBytes: 1_000 << below(12),
    pendingFiles: below(3) === 0 ? 10 : 10_000,
    fallbackLock: below(5) === 0,
  };
}

/** A quiet moment, a blow, and everybody is there again. */
async function playRound(scene: Scene, blows: string[]): Promise<void> {
  const { swarm, random, size } = scene;
  swarm.fill(size);
  await swarm.opened();
  await delay(random.below(120));
  const [name, blow] = nextBlow(scene);
  blows.push(name);
  await blow(scene);
  swarm.fill(size);
  // Half the time the next blow falls while they open, and those who stood still catch up.
  if (random.below(2) === 0) await swarm.opened();
}

/** All jobs come to their end; everything dies, or leaves; and what stands there is read by a process that took no part. */
async function endStage({ swarm, random, size }: Scene, store: FsStoreOptions & { root: string }, faults: Fault[]) {
  if (random.below(2) === 0) await swarm.killAll();
  swarm.fill(size);
  await swarm.opened();
  for (const mortal of swarm.alive) {
    mortal.tell('quiet');
    mortal.tell('work');
  }
  await Promise.all(swarm.alive.map((mortal) => mortal.quiet));
  await waitUntilDone(store, faults);
  if (random.below(2) === 0) await swarm.killAll();
  for (const mortal of swarm.alive) {
    mortal.tell('leave');
    await mortal.ended;
  }
  return finalStateOf(store, faults);
}

/** The round in which this time was, from 1. */
function roundOf(began: readonly number[], at: number | undefined): number {
  if (at === undefined) return began.length - 1;
  return began.filter((time) => time <= at).length;
}

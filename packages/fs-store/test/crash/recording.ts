/**
 * A workload run on a disk in memory, with everything that was done to the disk and everything that was told.
 *
 * @module
 */
import { basename, dirname, join } from 'node:path';
import { FakeClock } from '@leviathan/core/testing';
import { fsStore } from '../../src/fs-store';
import { idOfFile } from '../../src/inbox-file';
import type { FsStoreOptions } from '../../src/options';
import { randomFrom } from '../../src/testing/random';
import { inlineZlib } from '../support/inline-zlib';
import { runWorkload, WORKLOADS, type Workload } from '../support/workloads/index';
import type { OutsideHands } from '../support/world';
import { Disk, type Op } from './disk';
import { diskFiles, type ProcessFiles } from './disk-files';
import { byDiskTime } from './disk-time';
import type { Random } from './fates';
import { historyOf } from './history';
import { STORE_ROOT } from './inspect';
import { Machine } from './machine';
import { Kernel, memoryHost } from './memory-host';
import { type Drop, type History, NEVER } from './steps';

inlineZlib();

/** See the module. */
export interface Recording {
  workload: string;
  durability: 'power' | 'process';
  seed: number;
  /** The crash that the store recovers from, when that is what was recorded. */
  after?: string;
  /** That crash was one that may take what was promised nowhere: only what happens from so many operations on can be judged. */
  lossyUntil?: number;
  store: FsStoreOptions;
  /** The disk before, on which everything is safe. */
  base: Disk;
  log: Op[];
  history: History;
  /** Epoch milliseconds when it ended. */
  now: number;
}

/** What a recorded system does to the store's files before they reach the disk; to prove that the checks see it. */
export type Defect = (files: ProcessFiles) => ProcessFiles;

/** Turns that a sync takes: a few, and now and then so many that much else happens meanwhile. */
export function syncTurns(random: Random): number {
  return random.below(5) === 0 ? random.below(40) : random.below(4);
}

/** Runs the workload. The same seed gives the same recording. */
export async function record(
  workload: Workload,
  durability: 'power' | 'process',
  seed: number,
  defect: Defect = (files) => files,
): Promise<Recording> {
  const random = randomFrom(seed);
  const clock = new FakeClock();
  const folderClock = new FakeClock();
  // The first one makes its store every time.
  const base = await emptyDisk(clock, workload !== WORKLOADS[0] && random.below(4) > 0);
  const machine = new Machine(
    base.clone(),
    () => clock.now(),
    () => syncTurns(random),
  );
  const files = defect(diskFiles(machine));
  const kernel = new Kernel();
  const places: number[] = [];
  const hands = new Hands(machine, random);
  const world = await byDiskTime(machine, async () => {
    const folders = new FolderTime(folderClock, randomFrom(seed + 1));
    const over = await runWorkload(workload, {
      root: STORE_ROOT,
      clock,
      options: { durability, files, folderClock, host: memoryHost(kernel, files), viewProgram: false },
      // Moments are told apart although nothing reaches the disk between them.
      now: () => places.push(machine.log.length) - 1,
      outside: hands,
      until: (isSo) => until(isSo),
    });
    await folders.stop();
    return over;
  });
  const mayArchive = workload.options.retention !== undefined;
  const placeOf = (moment: number): number => places[moment] as number;
  return {
    ...{ workload: workload.name, durability, seed, base },
    store: workload.options,
    log: machine.log,
    history: historyOf(world.ledger.entries, placeOf, hands.drops, mayArchive),
    now: clock.now(),
  };
}

/** A disk with a folder for the store, perhaps with an empty store in it. */
async function emptyDisk(clock: FakeClock, hasStore: boolean): Promise<Disk> {
  const machine = new Machine(new Disk(), () => clock.now());
  const files = diskFiles(machine);
  files.mkdirSync(dirname(STORE_ROOT));
  if (hasStore) {
    const host = memoryHost(new Kernel(), files);
    const store = fsStore({ root: STORE_ROOT, clock, folderClock: clock, files, host, viewProgram: false });
    await store.open();
    await store.close();
  }
  return machine.disk;
}

/** Looks again as time passes, and gives up after a while. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 5_000 && !(await isSo()); looks++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets time pass for the folders while a workload goes on, so that their files are written in the midst of it. */
class FolderTime {
  private isOver = false;
  private readonly passing: Promise<void>;

  constructor(clock: FakeClock, random: Random) {
    this.passing = this.pass(clock, random);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.passing;
  }

  private async pass(clock: FakeClock, random: Random): Promise<void> {
    while (!this.isOver) {
      for (let turns = random.below(30); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(10);
    }
  }
}

/** Other programs: careful ones, which sync what they drop and its name, and careless ones. */
class Hands implements OutsideHands {
  readonly drops: Drop[] = [];
  private readonly files: ProcessFiles;

  constructor(
    private readonly machine: Machine,
    private readonly random: Random,
  ) {
    this.files = diskFiles(machine);
  }

  write(path: string, content: string): void {
    const fd = this.files.openSync(path, 'create');
    this.files.writeSync(fd, Buffer.from(content), 0, Buffer.byteLength(content));
    const { ino } = this.files.fstatSync(fd);
    this.files.closeSync(fd);
    const isCareful = this.random.below(2) === 0;
    if (isCareful) this.machine.do({ op: 'sync', ino, since: this.machine.log.length });
    this.drops.push({
      name: basename(path).slice(1),
      content,
      id: '',
      renamedAt: NEVER,
      safeAt: isCareful ? 0 : NEVER,
    });
  }

  rename(from: string, to: string): void {
    this.files.renameSync(from, to);
    const drop = this.drops.find(({ name, renamedAt }) => name === basename(to) && renamedAt === NEVER);
    if (!drop) return;
    drop.renamedAt = this.machine.log.length;
    const spec = JSON.parse(drop.content) as { id?: string };
    drop.id = spec.id ?? idOfFile(drop.name, drop.content, this.files.statSync(to));
    if (drop.safeAt === NEVER) return;
    const { ino } = this.files.statSync(dirname(to));
    this.machine.do({ op: 'syncDir', ino, since: this.machine.log.length });
    drop.safeAt = this.machine.log.length;
  }

  remove(path: string): void {
    if (this.files.lstatIfAnySync(path)) this.files.unlinkSync(path);
  }

  list(path: string): string[] {
    const folder = this.files.lstatIfAnySync(path);
    return folder ? this.files.readdirSync(join(path)).map(({ name }) => name) : [];
  }
}

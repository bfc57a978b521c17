/**
 * The floor: one file per job and nothing else. No ordering, no retries, no recovery, no second process.
 *
 * A job is written to a temporary file and renamed into `pending/`, renamed into `active/` and read when it starts, and renamed into
 * `completed/` when it ends. For "power" the file is synced before the rename and the folders after it; a start is not synced, as a job
 * that was started may run again.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open as openFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { now } from '../now';
import type { Payload } from '../payload';
import type { Engine, EngineOptions, Session, Work, WorkOptions } from './engine';

/** What differs between the calls that hold the event loop and those that go through libuv's threads. */
interface Disk {
  add(file: string, text: string): Promise<void> | void;
  /** Starts the job: its text. */
  take(name: string): Promise<string> | string;
  complete(name: string): Promise<void> | void;
  /** Makes the names in these folders durable. */
  syncFolders(...folders: string[]): Promise<void> | void;
}

function syncDisk(folder: string, durable: boolean): Disk {
  return {
    add(name, text) {
      const temporary = join(folder, 'tmp', name);
      if (durable) {
        const file = openSync(temporary, 'wx');
        writeSync(file, text);
        fdatasyncSync(file);
        closeSync(file);
      } else {
        writeFileSync(temporary, text, { flag: 'wx' });
      }
      renameSync(temporary, join(folder, 'pending', name));
    },
    take(name) {
      const active = join(folder, 'active', name);
      renameSync(join(folder, 'pending', name), active);
      return readFileSync(active, 'utf8');
    },
    complete(name) {
      renameSync(join(folder, 'active', name), join(folder, 'completed', name));
    },
    syncFolders(...folders) {
      for (const name of durable ? folders : []) {
        const file = openSync(join(folder, name), 'r');
        fsyncSync(file);
        closeSync(file);
      }
    },
  };
}

function asyncDisk(folder: string, durable: boolean): Disk {
  return {
    async add(name, text) {
      const temporary = join(folder, 'tmp', name);
      const file = await openFile(temporary, 'wx');
      await file.writeFile(text);
      if (durable) await file.datasync();
      await file.close();
      await rename(temporary, join(folder, 'pending', name));
    },
    async take(name) {
      const active = join(folder, 'active', name);
      await rename(join(folder, 'pending', name), active);
      return readFile(active, 'utf8');
    },
    complete: (name) => rename(join(folder, 'active', name), join(folder, 'completed', name)),
    async syncFolders(...folders) {
      for (const name of durable ? folders : []) {
        const file = await openFile(join(folder, name), 'r');
        await file.sync();
        await file.close();
      }
    },
  };
}

async function open({ folder, durability, variant }: EngineOptions): Promise<Session> {
  for (const name of ['tmp', 'pending', 'active', 'completed']) mkdirSync(join(folder, name), { recursive: true });
  const disk = (variant.threads ? asyncDisk : syncDisk)(folder, durability === 'power');
  let created = 0;
  /** Wakes the worker that waits for a job. */
  let wake = (): void => {};
  /** Names of jobs that wait, in order. Read from the folder once, then kept: cheaper than a look at the folder per job. */
  let waiting: string[] = readdirSync(join(folder, 'pending')).sort();

  async function write(data: Payload): Promise<string> {
    const name = `${String(process.pid).padStart(8, '0')}-${String(created++).padStart(9, '0')}.json`;
    await disk.add(name, JSON.stringify(data));
    return name;
  }

  async function prepare({ concurrency, onJob }: WorkOptions): Promise<Work> {
    let stopping = false;
    let next = 0;
    let slots: Promise<void>[] = [];
    let sleepers: (() => void)[] = [];
    let busy = 0;
    wake = () => {
      for (const resolve of sleepers.splice(0)) resolve();
    };
    async function slot(): Promise<void> {
      while (!stopping) {
        const name = waiting[next];
        if (name === undefined) {
          await new Promise<void>((resolve) => sleepers.push(resolve));
          continue;
        }
        next++;
        busy++;
        JSON.parse(await disk.take(name));
        await handler();
        await disk.complete(name);
        await disk.syncFolders('completed', 'active');
        busy--;
      }
    }
    const handler = async (): Promise<void> => onJob();
    return {
      start: async () => {
        slots = Array.from({ length: concurrency }, slot);
      },
      idle: async () => {
        while (busy > 0) await new Promise((resolve) => setImmediate(resolve));
      },
      finish: async () => {
        stopping = true;
        wake();
        await Promise.all(slots);
        sleepers = [];
        waiting = waiting.slice(next);
        return now();
      },
    };
  }

  return {
    async add(data) {
      const name = await write(data);
      await disk.syncFolders('pending');
      waiting.push(name);
      wake();
    },
    async addMany(batch) {
      const names = [];
      for (const data of batch) names.push(await write(data));
      await disk.syncFolders('pending');
      waiting.push(...names);
      wake();
    },
    prepare,
    unfinished: async () => readdirSync(join(folder, 'pending')).length + readdirSync(join(folder, 'active')).length,
    close: async () => {},
  };
}

const ways = [{ threads: 0 }, { threads: 1 }];

export const bareFiles: Engine = {
  name: 'bare-files',
  packages: [],
  node: '20.0.0',
  workVariants: () => ways,
  addVariants: () => ways,
  bulkVariants: () => ways,
  latencyVariants: () => ways,
  singleProcess: true,
  open,
};

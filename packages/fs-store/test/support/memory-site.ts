/** A place for workloads in memory, in virtual time. */
import type { Files } from '../../src/files';
import type { FsStoreOptions } from '../../src/options';
import { type FaultyFiles, faultyFiles } from '../../src/testing/faults';
import type { MemoryFiles } from './memory-files';
import { memoryHost } from './memory-host';
import { VirtualTime } from './virtual-time';
import type { OutsideHands, Site } from './world';

/** How long (ms) a workload waits for something that may not come about. */
const PATIENCE = 4_000;
const LOOK = 25;

/** See the file. */
export class MemorySite implements Site {
  readonly root = '/jobs';
  readonly time: VirtualTime;
  readonly clock;
  readonly options: FsStoreOptions;
  readonly outside: OutsideHands;
  /** What the stores see of {@link MemorySite.disk}: calls can be counted, and made to fail. */
  readonly files: FaultyFiles;
  /** What the stores told nobody else. */
  readonly told: unknown[] = [];
  relieve?: () => void;
  beforeClose?: NonNullable<Site['beforeClose']>;
  private moment = 0;

  constructor(
    readonly disk: MemoryFiles,
    durability: 'power' | 'process',
    defect: (files: Files) => Files = (files) => files,
  ) {
    this.time = new VirtualTime(() => (disk.inFlight > 0 ? true : isPacking(disk) ? 'inPool' : false));
    this.clock = this.time.clock;
    this.files = faultyFiles(undefined, disk, disk.platform);
    const onError = (error: unknown): void => void this.told.push(error);
    const seen = defect(this.files);
    this.options = { files: seen, host: memoryHost(seen), durability, patience: 5_000, onError };
    this.outside = handsOn(disk);
  }

  now(): number {
    return ++this.moment;
  }

  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let waited = 0; waited < PATIENCE; waited += LOOK) {
      if (
        await Promise.resolve()
          .then(isSo)
          .catch(() => false)
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }
}

/** zlib works on the thread pool: neither a call nor a timer tells of it. */
function isPacking(disk: MemoryFiles): boolean {
  return disk.openPaths.some((path) => /\.gz(\.tmp)?$/.test(path));
}

function handsOn(disk: MemoryFiles): OutsideHands {
  return {
    write(path, content) {
      const fd = disk.openSync(path, 'lock');
      disk.ftruncateSync(fd, 0);
      disk.writeSync(fd, Buffer.from(content), 0, Buffer.byteLength(content));
      disk.closeSync(fd);
      disk.persist(path);
    },
    rename: (from, to) =>
      ifThere(disk, from, () => {
        disk.renameSync(from, to);
        disk.persist(from);
        disk.persist(to);
      }),
    remove: (path) =>
      ifThere(disk, path, () => {
        disk.unlinkSync(path);
        disk.persist(path);
      }),
    list: (path) => (disk.lstatIfAnySync(path) ? disk.readdirSync(path).map(({ name }) => name) : []),
  };
}

function ifThere(disk: MemoryFiles, path: string, run: () => void): void {
  if (disk.lstatIfAnySync(path)) run();
}

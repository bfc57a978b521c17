/**
 * The part file: where the bytes of a download stand until it is complete and verified.
 *
 * @module
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { codeOf, DownloadError, PermanentDownloadError } from '../errors';
import { bootId } from './boot';
import { type ControlRecord, readControl, writeControl } from './control';
import { lockFile } from './lock';

/** Part files that this process writes at the moment: the guard where the kernel's lock is not available. */
const held = new Set<string>();

/** How often the lock may fall on a file that was renamed away under it. */
const MAX_RACES = 20;

/** A part file, open and locked. Only its holder writes to it and to its control record. */
export class PartFile {
  private closed = false;

  private constructor(
    /** Absolute path of the finished file, without `.part`. */
    readonly target: string,
    readonly handle: FileHandle,
    /** What an earlier attempt left; `undefined` when it left nothing that can be trusted. */
    readonly found: ControlRecord | undefined,
    /** Bytes at the start of the file that an earlier attempt left and that can be relied on. */
    readonly usable: number,
    /** Bytes in the file when it was opened. */
    readonly size: number,
    /** False where neither system nor file system can lock: other processes are not kept out. */
    readonly guarded: boolean,
  ) {}

  /**
   * Opens and locks the part file of a target.
   * @returns `'busy'` when another job writes to it, `undefined` when there is none and `create` is false
   */
  static async acquire(target: string, options: { create: boolean }): Promise<PartFile | 'busy' | undefined> {
    const path = partPath(target);
    if (held.has(path)) return 'busy';
    held.add(path);
    let result: PartFile | 'busy' | undefined;
    try {
      result = await PartFile.openLocked(target, options.create);
      return result;
    } finally {
      if (!(result instanceof PartFile)) held.delete(path);
    }
  }

  private static async openLocked(target: string, create: boolean): Promise<PartFile | 'busy' | undefined> {
    const path = partPath(target);
    for (let race = 0; race < MAX_RACES; race += 1) {
      const handle = await openPart(path, create);
      if (handle === undefined) return undefined;
      let kept = false;
      try {
        const lock = lockFile(handle.fd);
        if (lock === false) return 'busy';
        const { ino, size } = await handle.stat({ bigint: true });
        const there = await lstat(path, { bigint: true }).catch(() => undefined);
        // Where they differ, the holder before us published the file between our open and our lock, and what we locked is the finished
        // file: leave it alone.
        if (there?.ino === ino) {
          const found = await readControl(controlPath(target));
          const usable = found === undefined ? 0 : await reliable(found, Number(size));
          kept = true;
          return new PartFile(target, handle, found, usable, Number(size), lock === true);
        }
      } finally {
        if (!kept) await handle.close();
      }
    }
    throw new DownloadError('BUSY', `${path} is being replaced all the time; is another program writing there?`);
  }

  save(record: ControlRecord, options: { sync: boolean }): Promise<void> {
    return writeControl(controlPath(this.target), record, options);
  }

  /** Lets go of the file; what it holds stays for the next attempt. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.handle.close();
    held.delete(partPath(this.target));
  }

  /** Removes the part and its record. Calling it again is harmless. */
  async discard(): Promise<void> {
    await unlinkIfThere(partPath(this.target));
    await unlinkIfThere(controlPath(this.target));
    await this.close();
  }
}

/** Path of the part file of a target. */
export function partPath(target: string): string {
  return `${target}.part`;
}

/** Path of the control record of a target. */
export function controlPath(target: string): string {
  return `${target}.part.json`;
}

/** Which job writes to a target, as its control record tells. */
export async function holderOf(target: string): Promise<string | undefined> {
  return (await readControl(controlPath(target)))?.job;
}

/** Removes a file; that it is gone already is fine. */
export async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

async function openPart(path: string, create: boolean): Promise<FileHandle | undefined> {
  // A link in place of the part would let the bytes land in a file that somebody else chose.
  const flags = constants.O_RDWR | (constants.O_NOFOLLOW ?? 0) | (create ? constants.O_CREAT : 0);
  try {
    return await open(path, flags, 0o666);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !create) return undefined;
    if (codeOf(error) === 'ELOOP') {
      throw new PermanentDownloadError('FILE', `${path} is a symbolic link; remove it.`, { cause: error });
    }
    throw error;
  }
}

/** How many of the bytes in a part file are good. */
async function reliable(record: ControlRecord, size: number): Promise<number> {
  const boot = await bootId();
  return boot !== undefined && boot === record.boot ? size : Math.min(record.durable, size);
}

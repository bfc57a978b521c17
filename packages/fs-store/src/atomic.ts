/**
 * Whole files and whole folders, built of the calls in `files.ts`: what a reader sees under a name is never half written.
 *
 * @module
 */
import { basename, dirname, join } from 'node:path';
import { errorCode, type Files } from './files';

/** Writes all of `bytes`, however many calls that takes. On an error an unknown part of them is written. */
export function writeAllSync(files: Files, fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const written = files.writeSync(fd, bytes, done, bytes.length - done);
    done += accepted(written);
  }
}

/** As {@link writeAllSync}, on the thread pool. */
export async function writeAll(files: Files, fd: number, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const written = await files.write(fd, bytes, done, bytes.length - done);
    done += accepted(written);
  }
}

// A device that takes nothing and reports no error would otherwise hold the loop for ever.
function accepted(written: number): number {
  if (written > 0) return written;
  throw Object.assign(new Error('EIO: the file takes no more bytes'), { code: 'EIO' });
}

/**
 * Makes the folder with mode 0700, and those above it, where they are missing; gives those that were made, the upper ones first. Throws
 * `ENOTDIR` when something else stands there, a symbolic link to a folder included: what is written below must stay below.
 */
export function ensureDirSync(files: Files, path: string): string[] {
  const made = makeDirs(files, path);
  // Above this folder links are the user's business: /tmp is one on macOS.
  if (files.lstatSync(path).isDirectory()) return made;
  throw Object.assign(new Error(`ENOTDIR: ${path} is not a folder (or is a link to one)`), { code: 'ENOTDIR', path });
}

function makeDirs(files: Files, path: string): string[] {
  const made = makeDir(files, path);
  if (made) return made;
  const above = makeDirs(files, dirname(path));
  const below = makeDir(files, path);
  if (!below) throw Object.assign(new Error(`ENOENT: ${path} cannot be made`), { code: 'ENOENT', path });
  return [...above, ...below];
}

/** `undefined`: the folder above is missing. */
function makeDir(files: Files, path: string): string[] | undefined {
  try {
    files.mkdirSync(path);
    return [path];
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return [];
    if (errorCode(error) === 'ENOENT' && dirname(path) !== path) return undefined;
    throw error;
  }
}

/** How {@link writeFileAtomic} treats the file. */
export interface AtomicOptions {
  /** Sync the file before it gets its name, and the folder after: it then survives a power cut under this name. */
  sync?: boolean;
}

let counter = 0;

/**
 * Writes the file under another name in the same folder, then renames it: readers see the old content or the new one.
 * Mode 0600. Throws what the failing call threw, with nothing left behind; on Windows the rename is tried for about two
 * seconds while another process holds the target.
 */
export async function writeFileAtomic(
  files: Files,
  path: string,
  content: string | Uint8Array,
  options: AtomicOptions = {},
): Promise<void> {
  const temporary = openTemporary(files, path);
  try {
    try {
      writeAllSync(files, temporary.fd, asBytes(content));
      if (options.sync) await files.fsync(temporary.fd);
    } finally {
      files.closeSync(temporary.fd);
    }
    await renameBusy(files, temporary.path, path);
  } catch (error) {
    discard(files, temporary.path);
    throw error;
  }
  if (options.sync) await files.syncDir(dirname(path));
}

/** Lets a file that somebody else wrote survive a power cut, with its name. */
export async function syncFile(files: Files, path: string): Promise<void> {
  // Windows syncs nothing that was opened for reading only; elsewhere the file may be read-only.
  const fd = files.openSync(path, files.platform === 'win32' ? 'append' : 'read');
  try {
    await files.fsync(fd);
  } finally {
    files.closeSync(fd);
  }
  await files.syncDir(dirname(path));
}

/**
 * As {@link writeFileAtomic} without a sync and in one go: the fast path for files that can be written again. A busy
 * target (Windows) is an error here.
 */
export function writeFileAtomicSync(files: Files, path: string, content: string | Uint8Array): void {
  const temporary = openTemporary(files, path);
  try {
    try {
      writeAllSync(files, temporary.fd, asBytes(content));
    } finally {
      files.closeSync(temporary.fd);
    }
    files.renameSync(temporary.path, path);
  } catch (error) {
    discard(files, temporary.path);
    throw error;
  }
}

/** A new, empty file beside `path`, named `.<name>.<pid>-<n>.tmp`. The caller renames or removes it. */
export function openTemporary(files: Files, path: string): { path: string; fd: number } {
  for (;;) {
    counter++;
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${counter}.tmp`);
    try {
      return { path: temporary, fd: files.openSync(temporary, 'create') };
    } catch (error) {
      // Left by a dead process that had this pid, or by another thread, which counts on its own.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

const TEMPORARY = /^\..+\.\d+-\d+\.tmp$/;

/** Whether a file of this name was left by a writer that died before its rename. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Renames; on Windows again and again for about two seconds while a scanner, an indexer or a sync tool holds either file. */
export function renameBusy(files: Files, from: string, to: string): Promise<void> {
  return whileBusy(files, () => files.renameSync(from, to));
}

/** Removes a file, with the patience of {@link renameBusy}. One that is gone already is fine. */
export async function unlinkBusy(files: Files, path: string): Promise<void> {
  try {
    await whileBusy(files, () => files.unlinkSync(path));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

const BUSY = ['EPERM', 'EACCES', 'EBUSY'];
/** Milliseconds before each further try. */
const BACKOFF = [5, 10, 20, 40, 80, 160, 320, 640, 640];

/** Runs what renames or removes, with the patience of {@link renameBusy}. It must leave nothing behind when it throws. */
export async function whileBusy(files: Files, run: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return run();
    } catch (error) {
      const wait = BACKOFF[attempt];
      // Elsewhere these codes are final: a read-only folder does not become writable by waiting.
      if (files.platform !== 'win32' || wait === undefined || !BUSY.includes(errorCode(error) ?? '')) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Removes a file as part of an error path, where a second error would only hide the first. */
export function discard(files: Files, path: string): void {
  try {
    files.unlinkSync(path);
  } catch {
    // Either it never got there, or start-up removes it.
  }
}

function asBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

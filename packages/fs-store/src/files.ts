/**
 * All that the store asks of a file system. Nothing else in this package touches the disk, so that a recorder or a fault
 * injector can stand in the place of {@link nodeFiles} and see every single call.
 *
 * Each member is one system call (or, for `syncDir`, one indivisible intention): loops, retries and sequences live in
 * `atomic.ts`, above this line, where an injected short write or error reaches them. Names follow `node:fs`: what
 * ends in `Sync` blocks, the rest runs on the thread pool. Errors are Node's own and keep their `code`.
 *
 * @module
 */
import * as fs from 'node:fs';

/**
 * How a file is opened. Nothing is ever opened through a symbolic link in the last part of the path.
 *
 * - `read`: must exist.
 * - `append`: must exist; every write goes to its end.
 * - `create`: must not exist (`EEXIST`), mode 0600; every write goes to its end.
 * - `lock`: created with mode 0600 when missing, never truncated.
 */
export type OpenMode = 'read' | 'append' | 'create' | 'lock';

/** A folder that is being watched. */
export interface FolderWatch {
  close(): void;
}

/** The system calls of the store. */
export interface Files {
  /** What the quirks are decided by: `win32` cannot sync folders and refuses to rename what another process reads. */
  readonly platform: NodeJS.Platform;

  openSync(path: string, mode: OpenMode): number;
  closeSync(fd: number): void;
  /** May write less than asked, as write(2) may; see `writeAllSync`. */
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  /** Reads at `position`; 0 means the end of the file. */
  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number;
  ftruncateSync(fd: number, length: number): void;
  fstatSync(fd: number): fs.Stats;
  statSync(path: string): fs.Stats;
  lstatSync(path: string): fs.Stats;
  /** As `lstatSync`; `undefined` when there is nothing, at a fifth of the price of an error. */
  lstatIfAnySync(path: string): fs.Stats | undefined;
  readdirSync(path: string): fs.Dirent[];
  /** One folder, mode 0700; `EEXIST` when something stands there. */
  mkdirSync(path: string): void;
  /** Replaces what stands at `to`. */
  renameSync(from: string, to: string): void;
  /** A second name for a file; `EEXIST` when something stands at `to`. */
  linkSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
  chmodSync(path: string, mode: number): void;
  /** Access and modification time, in epoch milliseconds. */
  utimesSync(path: string, at: number): void;

  /** The names in a folder. */
  readdir(path: string): Promise<string[]>;
  /** The free blocks of the disk that holds a path, as far as this user may fill them, and their size in bytes. */
  statfs(path: string): Promise<{ bavail: number; bsize: number }>;
  /**
   * Tells of changes in a folder, itself and not below, until it is closed. Hints only: they may be late, doubled or missing, and `name`
   * is `null` when the system does not know it. Does not keep the process alive.
   */
  watch(path: string, on: { change(name: string | null): void; error(error: Error): void }): FolderWatch;
  read(fd: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** May write less than asked; appends. */
  write(fd: number, bytes: Uint8Array, offset: number, length: number): Promise<number>;
  /** Returns when the file's bytes, and the size needed to read them, are on the device. */
  fdatasync(fd: number): Promise<void>;
  fsync(fd: number): Promise<void>;
  /** Returns when the folder's entries (creations, renames, removals) are on the device; nothing to do on Windows. */
  syncDir(path: string): Promise<void>;
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;
// Windows has no such flag; there O_EXCL is what keeps a planted link from being followed.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0;

const FLAGS: Record<OpenMode, number> = {
  read: O_RDONLY | O_NOFOLLOW,
  append: O_WRONLY | O_APPEND | O_NOFOLLOW,
  create: O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW,
  lock: O_RDWR | O_CREAT | O_NOFOLLOW,
};

/** The real file system. */
export const nodeFiles: Files = {
  platform: process.platform,

  openSync: (path, mode) => fs.openSync(path, FLAGS[mode], 0o600),
  closeSync: (fd) => fs.closeSync(fd),
  writeSync: (fd, bytes, offset, length) => fs.writeSync(fd, bytes, offset, length),
  readSync: (fd, into, offset, length, position) => fs.readSync(fd, into, offset, length, position),
  ftruncateSync: (fd, length) => fs.ftruncateSync(fd, length),
  fstatSync: (fd) => fs.fstatSync(fd),
  statSync: (path) => fs.statSync(path),
  lstatSync: (path) => fs.lstatSync(path),
  lstatIfAnySync: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
  readdirSync: (path) => fs.readdirSync(path, { withFileTypes: true }),
  mkdirSync: (path) => void fs.mkdirSync(path, { mode: 0o700 }),
  renameSync: (from, to) => fs.renameSync(from, to),
  linkSync: (from, to) => fs.linkSync(from, to),
  unlinkSync: (path) => fs.unlinkSync(path),
  rmdirSync: (path) => fs.rmdirSync(path),
  chmodSync: (path, mode) => fs.chmodSync(path, mode),
  utimesSync: (path, at) => fs.utimesSync(path, at / 1000, at / 1000),

  readdir: (path) => call((done) => fs.readdir(path, (error, names) => done(error, names))),
  statfs: (path) => call((done) => fs.statfs(path, done)),
  watch: (path, on) =>
    fs.watch(path, { persistent: false }, (_event, name) => on.change(name)).on('error', (error) => on.error(error)),
  read: (fd, into, offset, length, position) =>
    call((done) => fs.read(fd, into, offset, length, position, (error, bytes) => done(error, bytes))),
  write: (fd, bytes, offset, length) =>
    call((done) => fs.write(fd, bytes, offset, length, null, (error, written) => done(error, written))),
  fdatasync: (fd) => call<void>((done) => fs.fdatasync(fd, (error) => done(error, undefined))),
  fsync: (fd) => call<void>((done) => fs.fsync(fd, (error) => done(error, undefined))),
  syncDir: (path) => syncDir(path, process.platform),
};

function call<T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));
}

async function syncDir(path: string, platform: NodeJS.Platform): Promise<void> {
  let folder: fs.promises.FileHandle | undefined;
  try {
    folder = await fs.promises.open(path, 'r');
    await folder.sync();
  } catch (error) {
    if (!isDirSyncUnsupported(error, platform)) throw error;
  } finally {
    await folder?.close();
  }
}

/**
 * Windows opens folders for listing only and answers a sync with one of these; anything else is a real failure, and
 * everywhere else each of them is one too.
 */
export function isDirSyncUnsupported(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && ['EPERM', 'EISDIR', 'EACCES'].includes(errorCode(error) ?? '');
}

/** The errno name of a failed system call (`ENOSPC`, `EEXIST` …), `undefined` for any other error. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * One owner per store: the kernel's lock on a file, which ends with its holder, however that ends.
 *
 * Where `fs-native-extensions` has no prebuild, or the file system has no locks, a lock file (`<path>.pid`, see `lock-file.ts`)
 * stands in. On Linux, where a folder may be shared by containers of which only some load the prebuild, the holder of the
 * kernel's lock keeps that file too, so that both kinds exclude each other.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { errorCode, type Files, nodeFiles } from './files';
import { acquireLockFile, isDead, type LockFile, readHolder } from './lock-file';

/** A lock that is held. */
export interface Lock {
  readonly kind: 'kernel' | 'file';
  /** `false`: somebody removed or replaced the file by hand, and another process may hold a lock of that name by now. */
  isHeld(): boolean;
  /** Frees it; the kernel's lock is also freed by the end of the process. Never throws, and may be called again. */
  release(): void;
}

export interface LockOptions {
  files?: Files;
  /** Leave the kernel's lock aside and use the lock file alone. */
  fallback?: boolean;
}

/**
 * Takes the lock, or gives `null` when another process, or another call in this one, holds it. Creates the file (mode 0600) in
 * an existing folder and never removes it. Throws when the file system refuses (`EACCES`, `EROFS` …).
 */
export function acquireLock(path: string, options: LockOptions = {}): Lock | null {
  const files = options.files ?? nodeFiles;
  const native = options.fallback ? null : loadNative();
  const lock = native ? acquireKernelLock(files, path, native) : undefined;
  return lock === undefined ? acquireFallback(files, path) : lock;
}

/**
 * Whether {@link acquireLock} would fail now, without taking the lock; by the time the caller acts it may have changed. On macOS,
 * where the kernel knows one lock per file only, a probe can make an attempt at the same moment fail.
 */
export function isLockedByOther(path: string, options: LockOptions = {}): boolean {
  const files = options.files ?? nodeFiles;
  const native = options.fallback ? null : loadNative();
  const probed = native ? probeKernelLock(files, path, native) : 'unknown';
  if (probed === 'locked') return true;
  const holder = readHolder(files, `${path}.pid`);
  if (!holder || (holder.kernel && probed === 'free')) return false;
  return !isDead(holder);
}

interface NativeLocks {
  tryLock(fd: number, offset: number, length: number, options?: { shared: boolean }): boolean;
  unlock(fd: number, offset: number, length: number): void;
}

/** The holder's byte, far behind any content: Windows keeps others from reading what is locked. */
const OWNER = 0x40000000;
/** Also the holder's, but this one probes try: a probe never stands in the way of the one who takes the lock. */
const PROBE = OWNER + 1;

/** A lock, `null` when it is taken, `undefined` when this file system has no locks. */
function acquireKernelLock(files: Files, path: string, native: NativeLocks): Lock | null | undefined {
  for (;;) {
    const fd = files.openSync(path, 'lock');
    let keep = false;
    try {
      const taken = tryLock(native, fd, OWNER, false);
      if (taken === 'unsupported') return undefined;
      if (taken === 'held') return null;
      // Somebody removed the file between our open and our lock: the next one would lock another file.
      if (!isSameFile(files, fd, path)) continue;
      takeProbeByte(native, fd);
      const marker = mark(files, `${path}.pid`);
      if (marker === null) return null;
      keep = true;
      return kernelLock(files, path, fd, marker);
    } finally {
      // Closing frees the lock: it belongs to this opening of the file.
      if (!keep) files.closeSync(fd);
    }
  }
}

function kernelLock(files: Files, path: string, fd: number, marker: LockFile | undefined): Lock {
  let held = true;
  return {
    kind: 'kernel',
    isHeld: () => held && isSameFile(files, fd, path),
    release() {
      if (!held) return;
      held = false;
      marker?.release();
      try {
        files.closeSync(fd);
      } catch {
        // The descriptor is gone all the same, and with it the lock.
      }
    },
  };
}

/** Keeps out the processes without a prebuild. `null`: one of them holds the store. `undefined`: nothing to keep. */
function mark(files: Files, path: string): LockFile | null | undefined {
  const holder = readHolder(files, path);
  if (holder && !holder.kernel && !isDead(holder)) return null;
  // Elsewhere there is a prebuild for every machine that Node runs on, and to describe a process takes long.
  if (files.platform !== 'linux') return undefined;
  try {
    return acquireLockFile(files, path, true);
  } catch (error) {
    // A full disk must not keep the owner out, nor a file system without hard links: the kernel's lock is the real one.
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

function acquireFallback(files: Files, path: string): Lock | null {
  const file = acquireLockFile(files, `${path}.pid`, false);
  return file && { kind: 'file', isHeld: file.isHeld, release: file.release };
}

function probeKernelLock(files: Files, path: string, native: NativeLocks): 'locked' | 'free' | 'unknown' {
  let fd: number;
  try {
    fd = files.openSync(path, 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'free';
    throw error;
  }
  try {
    const taken = tryLock(native, fd, PROBE, true);
    return taken === 'unsupported' ? 'unknown' : taken === 'held' ? 'locked' : 'free';
  } finally {
    files.closeSync(fd);
  }
}

/** Probes hold the byte for microseconds. Without it the lock is as good, only probes do not see it. */
function takeProbeByte(native: NativeLocks, fd: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 20; tries++) {
    if (tryLock(native, fd, PROBE, false) !== 'held') return;
    Atomics.wait(pause, 0, 0, 1);
  }
}

function tryLock(native: NativeLocks, fd: number, byte: number, shared: boolean): 'taken' | 'held' | 'unsupported' {
  try {
    return native.tryLock(fd, byte, 1, { shared }) ? 'taken' : 'held';
  } catch (error) {
    const code = errorCode(error) ?? '';
    // What fcntl(2) and LockFileEx say of a lock that somebody else has, apart from EAGAIN.
    if (['EACCES', 'EBUSY'].includes(code)) return 'held';
    if (['ENOLCK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'].includes(code)) return 'unsupported';
    throw error;
  }
}

function isSameFile(files: Files, fd: number, path: string): boolean {
  try {
    const [open, named] = [files.fstatSync(fd), files.statSync(path)];
    return open.ino === named.ino && open.dev === named.dev;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

let loaded: NativeLocks | null | undefined;

/** `null` where no prebuild fits this machine. */
function loadNative(): NativeLocks | null {
  if (loaded === undefined) {
    try {
      loaded = createRequire(import.meta.url)('fs-native-extensions') as NativeLocks;
    } catch {
      loaded = null;
    }
  }
  return loaded;
}

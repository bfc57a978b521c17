/**
 * One writer per part file, across jobs and processes.
 *
 * @module
 */
import { createRequire } from 'node:module';

interface NativeLocks {
  tryLock(fd: number, offset?: number, length?: number): boolean;
}

let loaded: { locks: NativeLocks | undefined } | undefined;

/**
 * Takes the kernel's lock on an open file; false when somebody else holds it. The kernel frees it when the descriptor is closed or the
 * process dies, so there is no stale lock to break. `'unsupported'` where neither the system nor the file system can lock.
 */
export function lockFile(fd: number): boolean | 'unsupported' {
  const locks = loadNative();
  if (locks === undefined) return 'unsupported';
  try {
    // Windows locks are mandatory: a byte far behind any data keeps readers of the data undisturbed. Elsewhere the whole file is locked,
    // since macOS has no locks on a range.
    return process.platform === 'win32' ? locks.tryLock(fd, 2 ** 52, 1) : locks.tryLock(fd);
  } catch {
    // ENOLCK, ENOTSUP, ENOSYS: some network and user-space file systems.
    return 'unsupported';
  }
}

/** `undefined` where there is no prebuilt binary for this system. */
function loadNative(): NativeLocks | undefined {
  if (loaded === undefined) {
    try {
      loaded = { locks: createRequire(import.meta.url)('fs-native-extensions') as NativeLocks };
    } catch {
      loaded = { locks: undefined };
    }
  }
  return loaded.locks;
}

/**
 * A lock that is a file: it names its holder, and it is broken only on proof that the holder is dead, never by age.
 *
 * A holder's file appears whole, by link(2), so one that is torn was damaged by a power cut and has no living holder. Breaking
 * is a succession: whoever wants the place of the dead holder N first takes the name `<path>.after-<N>`, which again only
 * one process can, looks once more that N still stands at `path`, and renames its own file over it. A breaker that dies on
 * the way is succeeded in the same manner. Thus no order of events, and no death, gives the lock to two.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { discard, openTemporary, writeAllSync } from './atomic';
import { errorCode, type Files } from './files';
import { isProvenDead, ownIdentity, type ProcessIdentity } from './process-identity';

/** Who holds the lock, as its file says. */
export interface Holder extends ProcessIdentity {
  /** Told from every other acquisition, by the same process too. */
  nonce: string;
  /** The holder also held the kernel's lock: whoever holds that now has the proof of its death. */
  kernel: boolean;
}

/** A lock file that is ours. */
export interface LockFile {
  /** `false`: somebody removed or replaced the file by hand. */
  isHeld(): boolean;
  /** Removes the file, if it is still ours. Never throws: what the disk refuses now is tried again until it is done. */
  release(): void;
}

/** The file was there and did not make sense. */
interface Torn {
  nonce: string;
  torn: true;
}

/**
 * Takes the lock, or gives `null` when its holder is not proven dead. `kernel`: the caller holds the kernel's lock. Throws what
 * the file system throws, for example `EPERM` where it knows no hard links.
 */
export function acquireLockFile(files: Files, path: string, kernel: boolean): LockFile | null {
  const mine: Holder = { ...ownIdentity(), kernel, nonce: randomUUID() };
  const temporary = openTemporary(files, path);
  try {
    try {
      writeAllSync(files, temporary.fd, Buffer.from(JSON.stringify(mine)));
    } finally {
      files.closeSync(temporary.fd);
    }
    if (!claim(files, path, path, temporary.path, kernel)) return null;
  } finally {
    discard(files, temporary.path);
  }
  try {
    sweep(files, path, mine.nonce);
  } catch {
    // Only tidiness, and the lock is ours: an error here would leave it with nobody to release it.
  }
  const isHeld = () => read(files, path)?.nonce === mine.nonce;
  const release = (): void => {
    released.add(mine.nonce);
    try {
      if (isHeld()) files.unlinkSync(path);
      released.delete(mine.nonce);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') released.delete(mine.nonce);
      // Until it is gone it keeps others out for as long as this process lives.
      else setTimeout(release, RELEASE_AGAIN).unref();
    }
  };
  return { isHeld, release };
}

/** How long (ms) until a file that could not be removed is tried again. */
const RELEASE_AGAIN = 1_000;

/** Nonces of files that this thread released and could not remove yet: their holder lives, but holds nothing. */
const released = new Set<string>();

/** The holder that the file names, `null` when there is none (any more) or the file is damaged. */
export function readHolder(files: Files, path: string): Holder | null {
  const standing = read(files, path);
  return standing && !('torn' in standing) ? standing : null;
}

/** Makes `own` stand at `at`, as the first or as the successor of a dead holder. */
function claim(files: Files, path: string, at: string, own: string, kernel: boolean): boolean {
  // Each further round means that somebody else got on in between, so this ends; the bound is for file systems that lie.
  for (let round = 0; round < 100; round++) {
    if (link(files, own, at)) return true;
    const standing = read(files, at);
    if (!standing) continue;
    const dead = 'torn' in standing || (kernel && standing.kernel) || isDead(standing);
    if (!dead) return false;
    const succession = `${path}.after-${standing.nonce}`;
    if (!claim(files, path, succession, own, kernel)) return false;
    try {
      // The place may have been filled, and the succession freed again, between our look at the place and our claim.
      if (read(files, at)?.nonce === standing.nonce) {
        files.renameSync(succession, at);
        return true;
      }
    } catch (error) {
      discard(files, succession);
      throw error;
    }
    discard(files, succession);
  }
  return false;
}

/** Whether nobody holds what the file says. */
export function isDead(holder: Holder): boolean {
  return released.has(holder.nonce) || isProvenDead(holder);
}

function link(files: Files, from: string, to: string): boolean {
  try {
    files.linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function read(files: Files, path: string): Holder | Torn | null {
  let fd: number;
  try {
    fd = files.openSync(path, 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(4096);
    const length = files.readSync(fd, bytes, 0, bytes.length, 0);
    return parse(bytes.toString('utf8', 0, length)) ?? { nonce: `torn-${files.fstatSync(fd).ino}`, torn: true };
  } finally {
    files.closeSync(fd);
  }
}

function parse(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const holder = value as Partial<Record<keyof Holder, unknown>>;
  const texts = [holder.startTime, holder.bootId, holder.pidNamespace];
  return (
    Number.isInteger(holder.pid) &&
    Number(holder.pid) > 0 &&
    texts.every((text) => text === null || typeof text === 'string') &&
    typeof holder.host === 'string' &&
    typeof holder.kernel === 'boolean' &&
    // It becomes part of a file's name.
    typeof holder.nonce === 'string' &&
    /^[0-9a-f-]{36}$/.test(holder.nonce)
  );
}

/** While we hold the lock, every succession but our own is of a dead holder long replaced. */
function sweep(files: Files, path: string, nonce: string): void {
  const prefix = `${basename(path)}.after-`;
  for (const { name } of files.readdirSync(dirname(path))) {
    if (name.startsWith(prefix) && name !== prefix + nonce) discard(files, join(dirname(path), name));
  }
}

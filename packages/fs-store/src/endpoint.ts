/**
 * Where clients reach the owner: a local socket (a named pipe on Windows), named in `owner.json`.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ensureDirSync, unlinkBusy, writeFileAtomic } from './atomic';
import { errorCode, type Files } from './files';
import { readTextFile } from './read-text';

/** `sun_path` of a socket address holds 108 bytes on Linux and 104 on macOS, with a closing NUL. */
const MAX_SOCKET_PATH = 103;

/** Content of `owner.json`: who owns the store now. For people and for clients; the lock alone decides. */
export interface OwnerFile {
  pid: number;
  /** Name of the socket or pipe. */
  socket: string;
  /** The owner's name among the clients. */
  instance: string;
  /** ISO 8601. */
  since: string;
}

/**
 * A new name for the socket: in the root, which only its user may enter, or where that path is too long for a socket in a folder of the
 * user's own below the temporary one. Each term of an owner has its own, since a process removes the name of its socket when it ends: one
 * that lost the store unnoticed would remove its successor's.
 */
export function socketPath(files: Files, root: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const term = randomBytes(4).toString('hex');
  if (files.platform === 'win32') return `\\\\.\\pipe\\leviathan-${hash}-${term}`;
  const inRoot = join(root, `owner-${term}.sock`);
  if (Buffer.byteLength(inRoot) <= MAX_SOCKET_PATH) return inRoot;
  const dir = join(tmpdir(), `leviathan-${userInfo().uid}`);
  ensureDirSync(files, dir);
  // Somebody else's folder of this name would let them take the owner's place.
  const { uid, mode } = files.lstatSync(dir);
  if (uid !== userInfo().uid || (mode & 0o077) !== 0) {
    throw Object.assign(new Error(`EACCES: ${dir} is not a private folder of this user; remove it.`), {
      code: 'EACCES',
      path: dir,
    });
  }
  return join(dir, `${hash}-${term}.sock`);
}

const SOCKET = /^(.+)-[0-9a-f]{8}\.sock$/;

/** Removes what earlier owners left of this name's kind. Only the holder of the lock may call it. */
export function clearSockets(files: Files, path: string): void {
  if (files.platform === 'win32') return;
  const kind = SOCKET.exec(basename(path))?.[1];
  for (const { name } of files.readdirSync(dirname(path))) {
    if (SOCKET.exec(name)?.[1] === kind) removeIfThere(files, join(dirname(path), name));
  }
}

/** Says who owns the store. */
export async function writeOwnerFile(files: Files, root: string, owner: OwnerFile): Promise<void> {
  await writeFileAtomic(files, join(root, 'owner.json'), `${JSON.stringify(owner, null, 2)}\n`);
}

/** Who owns the store, as far as the file tells; undefined when there is none that can be read. */
export function readOwnerFile(files: Files, root: string): OwnerFile | undefined {
  try {
    const owner = JSON.parse(readTextFile(files, join(root, 'owner.json'))) as Partial<OwnerFile>;
    return typeof owner.socket === 'string' && typeof owner.pid === 'number' ? (owner as OwnerFile) : undefined;
  } catch {
    return undefined;
  }
}

/** The owner leaves. */
export async function removeOwnerFile(files: Files, root: string): Promise<void> {
  await unlinkBusy(files, join(root, 'owner.json'));
}

function removeIfThere(files: Files, path: string): void {
  try {
    files.unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

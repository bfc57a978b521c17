/**
 * `store.json`: which version of the layout a folder has. It is written first and read first, so that no version ever touches what a
 * newer one wrote.
 *
 * @module
 */
import { dirname, join } from 'node:path';
import { StoreError, StoreFormatError } from '@leviathan/core';
import { ensureDirSync, writeFileAtomic } from './atomic';
import { errorCode, type Files } from './files';
import { readTextFile } from './read-text';

/** Version of the layout that this code reads and writes. */
const STORE_FORMAT = 1;

/** Content of `store.json`. */
export interface StoreFile {
  format: number;
  /** ISO 8601. */
  created: string;
}

/**
 * Makes the folder if it is missing and checks that it is ours to use.
 * @throws StoreError `NOT_A_FOLDER`, `NOT_OWNER`, `NOT_WRITABLE`; StoreFormatError
 */
export async function prepareRoot(files: Files, root: string, now: number): Promise<void> {
  let made: string[];
  try {
    made = ensureDirSync(files, root);
  } catch (error) {
    throw rootError(root, error);
  }
  assertOwned(files, root);
  if (readStoreFile(files, root) !== 'missing') return;
  const content: StoreFile = { format: STORE_FORMAT, created: new Date(now).toISOString() };
  try {
    await syncWay(files, root, new Set(made.map(dirname)));
    await writeFileAtomic(files, join(root, 'store.json'), `${JSON.stringify(content, null, 2)}\n`, { sync: true });
  } catch (error) {
    // Whoever tries again has to sync these names, too.
    unmake(files, made);
    throw rootError(root, error);
  }
}

function unmake(files: Files, made: string[]): void {
  try {
    for (const folder of [...made].reverse()) files.rmdirSync(folder);
  } catch {
    // Something stands in it by now, or the disk does not even let go.
  }
}

/**
 * The content of `store.json`; `missing` when there is none yet, or none that can be read: it is written anew then, since a torn one is
 * what a crash in the very first moment leaves.
 * @throws StoreFormatError when a newer version wrote it
 */
export function readStoreFile(files: Files, root: string): StoreFile | 'missing' {
  let content: unknown;
  try {
    content = JSON.parse(readTextFile(files, join(root, 'store.json')));
  } catch (error) {
    if (errorCode(error) === undefined || errorCode(error) === 'ENOENT') return 'missing';
    throw rootError(root, error);
  }
  const { format, created } = Object(content) as Partial<StoreFile>;
  if (typeof format !== 'number') return 'missing';
  if (format > STORE_FORMAT) throw new StoreFormatError(String(format), String(STORE_FORMAT));
  return { format, created: String(created) };
}

/** What a folder says that this user may not read, or whose file system cannot sync folders. */
const UNSYNCABLE = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'ENOSYS']);

/**
 * Also the root's own name, and those of the folders above it, must survive a power cut. Another process of this user may have made them and
 * died before it came to this, so all are synced up to the first one in a folder of somebody else.
 * @param ours Folders in which this call made the next one.
 */
async function syncWay(files: Files, root: string, ours: ReadonlySet<string>): Promise<void> {
  const uid = process.geteuid?.();
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    try {
      await files.syncDir(folder);
    } catch (error) {
      // Of a folder that this user may not read the names cannot be synced: whoever made the root in it had to see to that.
      if (ours.has(folder) || !UNSYNCABLE.has(errorCode(error) ?? '')) throw error;
    }
    if (folder === dirname(folder) || (uid !== undefined && files.statSync(folder).uid !== uid)) return;
  }
}

function assertOwned(files: Files, root: string): void {
  // The effective one: what this process makes belongs to it.
  const uid = process.geteuid?.();
  if (uid === undefined) return;
  const { uid: owner } = files.statSync(root);
  if (owner === uid) return;
  throw new StoreError(
    'NOT_OWNER',
    `${root} belongs to another user (uid ${owner}, this process runs as ${uid}). Use a folder of your own: set LEVIATHAN_HOME or the root.`,
  );
}

/** The error of a system call on the root or below, as a caller is told. */
export function rootError(root: string, cause: unknown): StoreError {
  const code = errorCode(cause);
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    return new StoreError('NOT_A_FOLDER', `${root} is not a folder. Name another root, or move that file away.`, {
      cause,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new StoreError(
      'NOT_WRITABLE',
      `${root} cannot be written (${code}). Name a root that this user may write.`,
      { cause },
    );
  }
  return new StoreError(
    'OPEN_FAILED',
    `${root} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}

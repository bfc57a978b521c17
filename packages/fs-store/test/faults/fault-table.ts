/**
 * Which faults which calls may have: by the manual pages of Linux (open, write, rename, unlink, fsync, close, inotify_add_watch …), what
 * ext4, btrfs and NFS are known to answer beyond these, and what Windows answers while a scanner holds a file.
 *
 * @module
 */
import type { Call } from '../../src/testing/faults';

/** One thing that goes wrong. `short`: half of the bytes are taken or given. */
export type FaultName =
  | 'ENOSPC'
  | 'EDQUOT'
  | 'EIO'
  | 'EMFILE'
  | 'EROFS'
  | 'EACCES'
  | 'EPERM'
  | 'EBUSY'
  | 'short'
  | 'win32 EPERM'
  | 'win32 EACCES'
  | 'win32 EBUSY';

const CHANGES_FOLDER: Call[] = ['mkdirSync', 'renameSync', 'linkSync', 'unlinkSync', 'rmdirSync'];
const BY_PATH: Call[] = [
  ...CHANGES_FOLDER,
  ...(['openSync', 'statSync', 'lstatSync', 'lstatIfAnySync', 'readdirSync', 'readdir', 'chmodSync'] as const),
  ...(['utimesSync', 'watch', 'syncDir'] as const),
];
const BY_DESCRIPTOR: Call[] = [
  ...(['closeSync', 'writeSync', 'readSync', 'ftruncateSync', 'fstatSync'] as const),
  ...(['read', 'write', 'fdatasync', 'fsync'] as const),
];
const NEEDS_ROOM: Call[] = [
  ...([
    'writeSync',
    'write',
    'mkdirSync',
    'renameSync',
    'linkSync',
    'fsync',
    'fdatasync',
    'syncDir',
    'closeSync',
  ] as const),
  ...(['openSync'] as const),
];

/** See the module. */
const FAULT_TABLE: Record<FaultName, readonly Call[]> = {
  // unlink may need room where a file system copies on write (btrfs); to cut a file off needs none (ftruncate(2)). A watch has a limit of its
  // own that says the same.
  ENOSPC: [...NEEDS_ROOM, 'unlinkSync', 'watch'],
  EDQUOT: NEEDS_ROOM,
  // Not a watch: nothing is read or written for it.
  EIO: [...BY_PATH, ...BY_DESCRIPTOR].filter((call) => call !== 'watch'),
  // Only what makes a descriptor, if only for the length of the call.
  EMFILE: ['openSync', 'readdirSync', 'readdir', 'syncDir', 'watch'],
  // A file that is open already fails, too, once ext4 has given up its journal.
  EROFS: [
    ...CHANGES_FOLDER,
    'openSync',
    'chmodSync',
    'utimesSync',
    'writeSync',
    'write',
    'ftruncateSync',
    'fsync',
    'fdatasync',
  ],
  // Rights are looked at when a path is followed, not at each use of a descriptor.
  EACCES: BY_PATH,
  // Files that are immutable, folders that are sticky.
  EPERM: [...CHANGES_FOLDER, 'openSync', 'chmodSync', 'utimesSync'],
  EBUSY: ['renameSync', 'unlinkSync', 'rmdirSync'],
  short: ['writeSync', 'write', 'readSync', 'read'],
  'win32 EPERM': ['renameSync', 'unlinkSync', 'openSync', 'linkSync', 'rmdirSync'],
  'win32 EACCES': ['renameSync', 'unlinkSync', 'openSync', 'linkSync', 'rmdirSync'],
  'win32 EBUSY': ['renameSync', 'unlinkSync', 'openSync', 'rmdirSync'],
};

/** All of them. */
export const FAULT_NAMES = Object.keys(FAULT_TABLE) as FaultName[];

/** An open that only reads needs no room, and may be made where nothing may be written. */
const ONLY_WRITERS: readonly FaultName[] = ['ENOSPC', 'EDQUOT', 'EROFS', 'EPERM'];
const ROOM: readonly FaultName[] = ['ENOSPC', 'EDQUOT'];

/** Whether this call, with these arguments, may have this fault. */
export function mayHave(fault: FaultName, call: Call, args: readonly unknown[]): boolean {
  if (!FAULT_TABLE[fault].includes(call)) return false;
  if (call !== 'openSync' || !ONLY_WRITERS.includes(fault)) return true;
  const mode = args[1];
  return ROOM.includes(fault) ? mode === 'create' || mode === 'lock' : mode !== 'read';
}

/** The code that Node gives the error; undefined for what is no error. */
export function codeOf(fault: FaultName): string | undefined {
  return fault === 'short' ? undefined : fault.replace('win32 ', '');
}

/** The system that it happens on. */
export function platformOf(fault: FaultName): 'linux' | 'win32' {
  return fault.startsWith('win32') ? 'win32' : 'linux';
}

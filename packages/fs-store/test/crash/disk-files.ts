/**
 * The store's file system over a disk in memory: each call becomes operations in a log. A process is one of these, and can be ended.
 *
 * @module
 */
import type { Stats } from 'node:fs';
import type { Files, FolderWatch, OpenMode } from '../../src/files';
import { type FolderNode, type Node, ROOT } from './disk';
import { type Machine, systemError } from './machine';
import { entryOf, statsOf } from './node-stats';

/** What is only there to hold room: a megabyte of noise that nobody ever reads. */
const HOLLOW = /\/\.reserve\.[^/]*\.tmp$/;

interface Opened {
  ino: number;
  append: boolean;
  hollow: boolean;
}

/** The file system as one process sees it. */
export interface ProcessFiles extends Files {
  /** The process ends: nothing it does from now on happens, and nothing it waits for comes. */
  kill(): void;
}

/** See the file. */
export function diskFiles(machine: Machine): ProcessFiles {
  const { disk } = machine;
  const opened = new Map<number, Opened>();
  let nextFd = 3;
  let isDead = false;

  const alive = (call: string): void => {
    if (isDead) throw systemError('ESRCH', call);
  };
  const folderOf = (path: string, call: string): FolderNode => {
    const folder = machine.folderAt(dirname(path), call);
    if (!folder) throw systemError('ENOTDIR', call);
    return folder;
  };
  const lookUp = (path: string, call: string): Node | undefined => {
    if (path === '/') return disk.folder(ROOT);
    return disk.nodes.get(folderOf(path, call).entries.get(basename(path)) ?? 0);
  };
  const named = (path: string, call: string): Node => {
    const node = lookUp(path, call);
    if (!node) throw systemError('ENOENT', call);
    return node;
  };
  const create = (path: string, kind: Node['kind'], call: string): number => {
    const dir = folderOf(path, call);
    if (dir.entries.has(basename(path))) throw systemError('EEXIST', call);
    const ino = disk.nextIno++;
    machine.do({ op: 'create', dir: dir.ino, name: basename(path), ino, kind, time: machine.now() });
    machine.tell(dir.ino, basename(path));
    return ino;
  };
  const fileOf = (fd: number, call: string): Opened => {
    alive(call);
    const file = opened.get(fd);
    if (!file) throw systemError('EBADF', call);
    return file;
  };
  const write = (fd: number, bytes: Uint8Array, offset: number, length: number): number => {
    const { ino, hollow } = fileOf(fd, 'write');
    const at = disk.file(ino).content.size;
    const written = Buffer.from(bytes.subarray(offset, offset + length));
    machine.do({ op: 'write', ino, at, bytes: written, hollow, time: machine.now() });
    return length;
  };
  const read = (fd: number, into: Uint8Array, offset: number, length: number, position: number): number => {
    const { content } = disk.file(fileOf(fd, 'read').ino);
    const bytes = content.bytes.subarray(position, Math.min(position + length, content.size));
    into.set(bytes, offset);
    return bytes.length;
  };
  const stat = (path: string, call: string): Stats => {
    alive(call);
    return statsOf(named(path, call));
  };
  /** What takes time: it does not come back to a process that has ended. */
  const later = async <T>(turns: number, run: () => T): Promise<T> => {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (isDead) return new Promise<T>(() => {});
    return run();
  };
  const sync = (fd: number): Promise<void> => {
    const { ino } = fileOf(fd, 'fsync');
    const since = machine.log.length;
    return later(machine.delay(), () => machine.do({ op: 'sync', ino, since }));
  };

  return {
    platform: 'linux',
    kill() {
      isDead = true;
    },

    openSync(path: string, mode: OpenMode) {
      alive('open');
      let node = lookUp(path, 'open');
      if (mode === 'create' && node) throw systemError('EEXIST', 'open');
      if (!node && (mode === 'create' || mode === 'lock')) node = disk.nodes.get(create(path, 'file', 'open'));
      if (!node) throw systemError('ENOENT', 'open');
      if (node.kind === 'folder') throw systemError('EISDIR', 'open');
      const fd = nextFd++;
      opened.set(fd, { ino: node.ino, append: mode !== 'read', hollow: HOLLOW.test(path) });
      return fd;
    },
    closeSync: (fd) => void opened.delete(fd),
    writeSync: write,
    readSync: read,
    ftruncateSync(fd, size) {
      machine.do({ op: 'truncate', ino: fileOf(fd, 'ftruncate').ino, size, time: machine.now() });
    },
    fstatSync: (fd) => statsOf(disk.file(fileOf(fd, 'fstat').ino)),
    statSync: (path) => stat(path, 'stat'),
    lstatSync: (path) => stat(path, 'lstat'),
    lstatIfAnySync(path) {
      alive('lstat');
      try {
        const node = lookUp(path, 'lstat');
        return node && statsOf(node);
      } catch {
        return undefined;
      }
    },
    readdirSync(path) {
      alive('readdir');
      const node = named(path, 'readdir');
      if (node.kind !== 'folder') throw systemError('ENOTDIR', 'readdir');
      return [...node.entries].map(([name, ino]) => entryOf(name, disk.nodes.get(ino)));
    },
    mkdirSync(path) {
      alive('mkdir');
      create(path, 'folder', 'mkdir');
    },
    renameSync(from, to) {
      alive('rename');
      const { ino } = named(from, 'rename');
      const [dir, toDir] = [folderOf(from, 'rename').ino, folderOf(to, 'rename').ino];
      machine.do({ op: 'rename', dir, name: basename(from), ino, toDir, toName: basename(to) });
      machine.tell(dir, basename(from));
      machine.tell(toDir, basename(to));
    },
    linkSync(from, to) {
      alive('link');
      const { ino } = named(from, 'link');
      const dir = folderOf(to, 'link');
      if (dir.entries.has(basename(to))) throw systemError('EEXIST', 'link');
      machine.do({ op: 'link', dir: dir.ino, name: basename(to), ino });
    },
    unlinkSync(path) {
      alive('unlink');
      const node = named(path, 'unlink');
      if (node.kind === 'folder') throw systemError('EISDIR', 'unlink');
      const dir = folderOf(path, 'unlink').ino;
      machine.do({ op: 'unlink', dir, name: basename(path), ino: node.ino });
      machine.tell(dir, basename(path));
    },
    rmdirSync(path) {
      alive('rmdir');
      const node = named(path, 'rmdir');
      if (node.kind !== 'folder') throw systemError('ENOTDIR', 'rmdir');
      if (node.entries.size > 0) throw systemError('ENOTEMPTY', 'rmdir');
      machine.do({ op: 'unlink', dir: folderOf(path, 'rmdir').ino, name: basename(path), ino: node.ino });
    },
    chmodSync: (path, mode) => machine.do({ op: 'attributes', ino: named(path, 'chmod').ino, mode }),
    utimesSync: (path, mtimeMs) => machine.do({ op: 'attributes', ino: named(path, 'utimes').ino, mtimeMs }),

    statfs: async (path) => {
      alive('statfs');
      named(path, 'statfs');
      return { bavail: 2 ** 28, bsize: 4_096 };
    },
    readdir: async (path) => {
      alive('readdir');
      const node = named(path, 'readdir');
      if (node.kind !== 'folder') throw systemError('ENOTDIR', 'readdir');
      return [...node.entries.keys()];
    },
    watch(path, on): FolderWatch {
      alive('watch');
      const { ino } = named(path, 'watch');
      const listeners = machine.watchers.get(ino) ?? new Set();
      const listener = (name: string): void => {
        if (!isDead && listeners.has(listener)) on.change(name);
      };
      machine.watchers.set(ino, listeners.add(listener));
      return { close: () => void listeners.delete(listener) };
    },
    read: async (...args) => read(...args),
    write: async (...args) => write(...args),
    fdatasync: sync,
    fsync: sync,
    syncDir(path) {
      alive('syncDir');
      const { ino } = named(path, 'syncDir');
      const since = machine.log.length;
      return later(machine.delay(), () => machine.do({ op: 'syncDir', ino, since }));
    },
  };
}

/** As those of `node:path`, of absolute paths without surprises. */
function dirname(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

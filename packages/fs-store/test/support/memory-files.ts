/**
 * A file system in memory that keeps, beside what is in it, what a power cut would leave of it. Quick, and the same each time: listings
 * are sorted, and what runs on the thread pool elsewhere takes one turn of the event loop here.
 *
 * @module
 */
import { basename, dirname, sep } from 'node:path';
import type { Files, FolderWatch, OpenMode } from '../../src/files';
import { systemError } from '../../src/testing/faults';
import { MemoryNode } from './memory-node';

interface Opened {
  node: MemoryNode;
  mode: OpenMode;
  path: string;
}

interface Watching {
  node: MemoryNode;
  change(name: string | null): void;
}

/** See the module. */
export class MemoryFiles implements Files {
  /** Calls and events on their way. */
  inFlight = 0;
  readonly #open = new Map<number, Opened>();
  readonly #watches = new Set<Watching>();
  #lastFd = 100;

  constructor(
    readonly platform: NodeJS.Platform = 'linux',
    private readonly root = new MemoryNode('folder', Date.now()),
  ) {}

  /** The paths of the files that are open. */
  get openPaths(): string[] {
    return [...this.#open.values()].map(({ path }) => path);
  }

  /** The path under which the descriptor was opened. */
  pathOf(fd: number): string | undefined {
    return this.#open.get(fd)?.path;
  }

  get watched(): number {
    return this.#watches.size;
  }

  /** Another one with the same in it, or with what a power cut at this moment would leave (`power`); nothing is open there. */
  copy(power = false, platform = this.platform): MemoryFiles {
    return new MemoryFiles(platform, this.root.copy(power));
  }

  /** All files below a folder, with their text. */
  *texts(path: string): Generator<{ path: string; text: string }> {
    for (const { name } of this.readdirSync(path)) {
      const below = `${path}/${name}`;
      const node = this.#find(below, 'open');
      if (node.kind === 'folder') yield* this.texts(below);
      else yield { path: below, text: textOf(node).toString('utf8') };
    }
  }

  /** Other programs make sure of what they write. */
  persist(path: string): void {
    this.#look(path)?.sync();
    this.#look(dirname(path))?.syncEntries();
  }

  /** The sync of this descriptor fails. */
  failSync(fd: number): void {
    this.#open.get(fd)?.node.spoil();
  }

  openSync(path: string, mode: OpenMode): number {
    const parent = this.#folder(path, 'open');
    let node = parent.entries?.get(basename(path));
    if (node && mode === 'create') throw systemError('EEXIST', 'open');
    if (!node) {
      if (mode === 'read' || mode === 'append') throw systemError('ENOENT', 'open');
      node = this.#put(path, new MemoryNode('file', Date.now()));
    }
    if (node.kind === 'folder' && mode !== 'read') throw systemError('EISDIR', 'open');
    node.opened++;
    const fd = ++this.#lastFd;
    this.#open.set(fd, { node, mode, path });
    return fd;
  }

  closeSync(fd: number): void {
    this.#opened(fd, 'close').node.opened--;
    this.#open.delete(fd);
  }

  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number): number {
    const { node, mode, path } = this.#opened(fd, 'write');
    if (mode === 'read') throw systemError('EBADF', 'write');
    node.append(bytes.subarray(offset, offset + length), Date.now());
    if (node.links > 0) this.#tell(path);
    return length;
  }

  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number {
    const { node } = this.#opened(fd, 'read');
    if (node.kind === 'folder') throw systemError('EISDIR', 'read');
    return node.read(into, offset, length, position);
  }

  ftruncateSync(fd: number, length: number): void {
    const { node, mode } = this.#opened(fd, 'ftruncate');
    if (mode === 'read') throw systemError('EINVAL', 'ftruncate');
    node.truncate(length, Date.now());
  }

  fstatSync(fd: number) {
    return this.#opened(fd, 'fstat').node.stats;
  }

  statSync(path: string) {
    return this.#find(path, 'stat').stats;
  }

  lstatSync(path: string) {
    return this.#find(path, 'lstat').stats;
  }

  lstatIfAnySync(path: string) {
    return this.#look(path)?.stats;
  }

  readdirSync(path: string) {
    const { entries } = this.#find(path, 'scandir');
    if (!entries) throw systemError('ENOTDIR', 'scandir');
    return [...entries.keys()].sort().map((name) => (entries.get(name) as MemoryNode).direntOf(name));
  }

  mkdirSync(path: string): void {
    if (this.#folder(path, 'mkdir').entries?.has(basename(path))) throw systemError('EEXIST', 'mkdir');
    this.#put(path, new MemoryNode('folder', Date.now()));
  }

  renameSync(from: string, to: string): void {
    const node = this.#find(from, 'rename');
    const target = this.#folder(to, 'rename').entries?.get(basename(to));
    if (target === node) return;
    if (target && target.kind !== node.kind)
      throw systemError(target.kind === 'folder' ? 'EISDIR' : 'ENOTDIR', 'rename');
    if (target?.entries && target.entries.size > 0) throw systemError('ENOTEMPTY', 'rename');
    // Windows does not replace what somebody has open.
    if (target && target.opened > 0 && this.platform === 'win32') throw systemError('EPERM', 'rename');
    this.#take(from);
    if (target) this.#take(to);
    this.#put(to, node);
    node.links++;
  }

  linkSync(from: string, to: string): void {
    const node = this.#find(from, 'link');
    if (this.#folder(to, 'link').entries?.has(basename(to))) throw systemError('EEXIST', 'link');
    this.#put(to, node);
    node.links++;
  }

  unlinkSync(path: string): void {
    if (this.#find(path, 'unlink').kind === 'folder') throw systemError('EISDIR', 'unlink');
    this.#take(path);
  }

  rmdirSync(path: string): void {
    const { entries } = this.#find(path, 'rmdir');
    if (!entries) throw systemError('ENOTDIR', 'rmdir');
    if (entries.size > 0) throw systemError('ENOTEMPTY', 'rmdir');
    this.#take(path);
  }

  chmodSync(path: string, mode: number): void {
    const node = this.#find(path, 'chmod');
    node.mode = (node.mode & ~0o777) | mode;
  }

  utimesSync(path: string, at: number): void {
    this.#find(path, 'utime').mtimeMs = at;
  }

  readdir(path: string): Promise<string[]> {
    return this.#later(() => this.readdirSync(path).map(({ name }) => name));
  }

  async statfs(path: string): Promise<{ bavail: number; bsize: number }> {
    this.#find(path, 'statfs');
    return { bavail: 2 ** 28, bsize: 4_096 };
  }

  read(fd: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#later(() => this.readSync(fd, into, offset, length, position));
  }

  write(fd: number, bytes: Uint8Array, offset: number, length: number): Promise<number> {
    return this.#later(() => this.writeSync(fd, bytes, offset, length));
  }

  fdatasync(fd: number): Promise<void> {
    return this.fsync(fd);
  }

  fsync(fd: number): Promise<void> {
    const { node } = this.#opened(fd, 'fsync');
    return this.#later(() => node.sync());
  }

  syncDir(path: string): Promise<void> {
    return this.#later(() => this.#find(path, 'fsync').syncEntries());
  }

  watch(path: string, on: { change(name: string | null): void }): FolderWatch {
    const watching: Watching = { node: this.#find(path, 'watch'), change: on.change };
    this.#watches.add(watching);
    return { close: () => void this.#watches.delete(watching) };
  }

  #later<T>(run: () => T): Promise<T> {
    this.inFlight++;
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        this.inFlight--;
        try {
          resolve(run());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #look(path: string): MemoryNode | undefined {
    let node: MemoryNode | undefined = this.root;
    for (const name of path.split(sep)) if (name !== '') node = node?.entries?.get(name);
    return node;
  }

  #find(path: string, call: string): MemoryNode {
    const node = this.#look(path);
    if (!node) throw systemError('ENOENT', call);
    return node;
  }

  #folder(path: string, call: string): MemoryNode {
    const node = this.#find(dirname(path), call);
    if (!node.entries) throw systemError('ENOTDIR', call);
    return node;
  }

  #opened(fd: number, call: string): Opened {
    const opened = this.#open.get(fd);
    if (!opened) throw systemError('EBADF', call);
    return opened;
  }

  #put(path: string, node: MemoryNode): MemoryNode {
    this.#find(dirname(path), 'open').entries?.set(basename(path), node);
    this.#tell(path);
    return node;
  }

  #take(path: string): void {
    const { entries } = this.#find(dirname(path), 'unlink');
    const node = entries?.get(basename(path));
    entries?.delete(basename(path));
    if (node) node.links--;
    this.#tell(path);
  }

  #tell(path: string): void {
    const folder = this.#look(dirname(path));
    for (const watching of this.#watches) {
      if (watching.node !== folder) continue;
      void this.#later(() => {
        if (this.#watches.has(watching)) watching.change(basename(path));
      });
    }
  }
}

function textOf(node: MemoryNode): Buffer {
  const bytes = Buffer.alloc(node.length);
  node.read(bytes, 0, node.length, 0);
  return bytes;
}

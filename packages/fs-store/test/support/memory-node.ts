/** What stands in a file system in memory. */
import type { Dirent, Stats } from 'node:fs';

/** Part of a file that is not on the device yet. */
interface Stretch {
  from: number;
  to: number;
}

let lastIno = 0;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;

/** A file or a folder, whatever its names are. */
export class MemoryNode {
  readonly ino = ++lastIno;
  /** Of a folder: what is in it. */
  readonly entries: Map<string, MemoryNode> | undefined;
  /** What of that survives a power cut. */
  durableEntries: Map<string, MemoryNode> | undefined;
  mode: number;
  links = 1;
  mtimeMs: number;
  birthtimeMs: number;
  length = 0;
  /** How often it is open. */
  opened = 0;
  #bytes = Buffer.alloc(0);
  /** What survives a power cut. */
  #durable = Buffer.alloc(0);
  #unsynced: Stretch[] = [];

  constructor(
    readonly kind: 'file' | 'folder',
    now: number,
  ) {
    this.mode = kind === 'file' ? S_IFREG | 0o600 : S_IFDIR | 0o700;
    this.mtimeMs = now;
    this.birthtimeMs = now;
    if (kind !== 'folder') return;
    this.entries = new Map();
    this.durableEntries = new Map();
  }

  append(bytes: Uint8Array, now: number): void {
    const end = this.length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2, 1_024));
      this.#bytes.copy(larger, 0, 0, this.length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.#unsynced.push({ from: this.length, to: end });
    this.length = end;
    this.mtimeMs = now;
  }

  read(into: Uint8Array, offset: number, length: number, position: number): number {
    const end = Math.min(this.length, position + length);
    if (end <= position) return 0;
    into.set(this.#bytes.subarray(position, end), offset);
    return end - position;
  }

  truncate(length: number, now: number): void {
    if (length > this.length) this.append(Buffer.alloc(length - this.length), now);
    this.length = length;
    this.mtimeMs = now;
  }

  /** What was written so far is on the device. */
  sync(): void {
    const durable = Buffer.alloc(this.length);
    this.#durable.copy(durable, 0, 0, this.length);
    for (const { from, to } of this.#unsynced) this.#bytes.copy(durable, from, from, Math.min(to, this.length));
    this.#durable = durable;
    this.#unsynced = [];
  }

  /**
   * The sync failed, and as on Linux the pages count as clean from now on: what was not on the device will never get there, whatever a
   * later sync says.
   */
  spoil(): void {
    this.#unsynced = [];
  }

  /** As it would stand there after a power cut that took all that was not synced (`power`), or now. */
  copy(power: boolean): MemoryNode {
    const node = new MemoryNode(this.kind, this.birthtimeMs);
    node.mode = this.mode;
    node.mtimeMs = this.mtimeMs;
    const content = power ? this.#durable : this.#bytes.subarray(0, this.length);
    if (this.kind === 'file') {
      node.append(content, this.mtimeMs);
      node.sync();
      return node;
    }
    for (const [name, child] of (power ? this.durableEntries : this.entries) ?? [])
      node.entries?.set(name, child.copy(power));
    node.syncEntries();
    return node;
  }

  /** The names in the folder are on the device. */
  syncEntries(): void {
    this.durableEntries = new Map(this.entries);
  }

  get stats(): Stats {
    const { ino, mode, links, mtimeMs, birthtimeMs, length, kind } = this;
    return {
      ...{ dev: 1, ino, mode, nlink: links, uid: process.geteuid?.() ?? 0, gid: 0, size: length },
      ...{ mtimeMs, birthtimeMs, atimeMs: mtimeMs, ctimeMs: mtimeMs },
      ...is(kind),
    } as unknown as Stats;
  }

  direntOf(name: string): Dirent {
    return { name, ...is(this.kind) } as unknown as Dirent;
  }
}

function is(kind: MemoryNode['kind']): object {
  return { isFile: () => kind === 'file', isDirectory: () => kind === 'folder', isSymbolicLink: () => false };
}

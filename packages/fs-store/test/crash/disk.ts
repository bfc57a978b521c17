/**
 * A disk in memory, by inodes: what the kernel shows of it, and the log of what changed, from which {@link module:power} makes what
 * a power cut leaves.
 *
 * @module
 */
import { createHash } from 'node:crypto';

/** The content of a file. Never changed once a state shares it. */
export class Content {
  static readonly EMPTY = new Content(Buffer.alloc(0), 0);
  #hash: string | undefined;

  /** @param size Larger than the bytes where only the length counts, as of a file that merely holds room. */
  constructor(
    readonly bytes: Buffer,
    readonly size = bytes.length,
  ) {}

  /** Whether the bytes were never kept: reads give zeros. */
  get hollow(): boolean {
    return this.size > this.bytes.length;
  }

  get hash(): string {
    this.#hash ??= this.hollow ? `hollow-${this.size}` : createHash('md5').update(this.bytes).digest('base64');
    return this.#hash;
  }

  write(at: number, bytes: Uint8Array, hollow: boolean): Content {
    if (hollow) return new Content(Content.EMPTY.bytes, Math.max(this.size, at + bytes.length));
    const size = Math.max(this.size, at + bytes.length);
    const next = Buffer.alloc(size);
    this.bytes.copy(next);
    next.set(bytes, at);
    return new Content(next);
  }

  truncate(size: number): Content {
    if (this.hollow) return new Content(Content.EMPTY.bytes, size);
    const next = Buffer.alloc(size);
    this.bytes.copy(next, 0, 0, Math.min(size, this.bytes.length));
    return new Content(next);
  }
}

export interface FileNode {
  kind: 'file';
  ino: number;
  content: Content;
  mtimeMs: number;
  mode: number;
}

export interface FolderNode {
  kind: 'folder';
  ino: number;
  entries: Map<string, number>;
  mtimeMs: number;
  mode: number;
}

export type Node = FileNode | FolderNode;

/** A change of a folder's entries. */
export type NameOp =
  | { op: 'create'; dir: number; name: string; ino: number; kind: Node['kind']; time: number }
  | { op: 'link'; dir: number; name: string; ino: number }
  /** Of a file or a folder. */
  | { op: 'unlink'; dir: number; name: string; ino: number }
  | { op: 'rename'; dir: number; name: string; ino: number; toDir: number; toName: string };

/** A change of a file's bytes. */
export type DataOp =
  | { op: 'write'; ino: number; at: number; bytes: Buffer; hollow: boolean; time: number }
  | { op: 'truncate'; ino: number; size: number; time: number };

/**
 * What happens to a disk, in the order in which the kernel did it. A sync stands where it ended; `since` is where it began: what came
 * in between may be on the device, or not.
 */
export type Op =
  | NameOp
  | DataOp
  | { op: 'sync'; ino: number; since: number }
  | { op: 'syncDir'; ino: number; since: number }
  /** Of no consequence for a crash: kept at once. */
  | { op: 'attributes'; ino: number; mtimeMs?: number; mode?: number };

/** Number of the root folder. */
export const ROOT = 1;

/** See the module. */
export class Disk {
  readonly nodes = new Map<number, Node>();
  nextIno = ROOT + 1;

  constructor() {
    this.nodes.set(ROOT, { kind: 'folder', ino: ROOT, entries: new Map(), mtimeMs: 0, mode: 0o700 });
  }

  /** A disk of its own with the same content. */
  clone(): Disk {
    const copy = new Disk();
    copy.nextIno = this.nextIno;
    for (const [ino, node] of this.nodes) {
      copy.nodes.set(ino, node.kind === 'file' ? { ...node } : { ...node, entries: new Map(node.entries) });
    }
    return copy;
  }

  folder(ino: number): FolderNode {
    const node = this.nodes.get(ino);
    if (node?.kind !== 'folder') throw new Error(`Node ${ino} is no folder.`);
    return node;
  }

  file(ino: number): FileNode {
    const node = this.nodes.get(ino);
    if (node?.kind !== 'file') throw new Error(`Node ${ino} is no file.`);
    return node;
  }

  /** Does it. Operations on names that do not fit what stands there are left out, with `false`. */
  apply(op: Op): boolean {
    switch (op.op) {
      case 'create':
      case 'link':
      case 'unlink':
      case 'rename':
        return this.#applyName(op);
      case 'write':
      case 'truncate': {
        const node = this.file(op.ino);
        node.content = applyData(node.content, op);
        node.mtimeMs = op.time;
        return true;
      }
      case 'attributes': {
        const node = this.nodes.get(op.ino);
        if (!node) return false;
        if (op.mtimeMs !== undefined) node.mtimeMs = op.mtimeMs;
        if (op.mode !== undefined) node.mode = op.mode;
        return true;
      }
      default:
        return true;
    }
  }

  #applyName(op: NameOp): boolean {
    const { entries } = this.folder(op.dir);
    if (op.op === 'create' || op.op === 'link') {
      if (op.op === 'create') this.make(op);
      if (entries.has(op.name)) return false;
      entries.set(op.name, op.ino);
      return true;
    }
    if (entries.get(op.name) !== op.ino) return false;
    entries.delete(op.name);
    if (op.op === 'rename') this.folder(op.toDir).entries.set(op.toName, op.ino);
    return true;
  }

  /** Makes a node without a name. */
  make({ ino, kind, time }: Extract<NameOp, { op: 'create' }>): void {
    const rest = { ino, mtimeMs: time };
    this.nodes.set(
      ino,
      kind === 'file'
        ? { kind, ...rest, content: Content.EMPTY, mode: 0o600 }
        : { kind, ...rest, entries: new Map(), mode: 0o700 },
    );
  }

  /** All that has a name, by path from the root, parents first. */
  *walk(ino = ROOT, path = ''): Generator<{ path: string; node: Node }> {
    for (const [name, child] of this.folder(ino).entries) {
      const node = this.nodes.get(child);
      if (!node) continue;
      yield { path: `${path}/${name}`, node };
      if (node.kind === 'folder') yield* this.walk(child, `${path}/${name}`);
    }
  }

  /** The file at a path from the root; undefined: there is none. */
  find(path: string): Node | undefined {
    let node: Node | undefined = this.folder(ROOT);
    for (const name of path.split('/')) {
      if (name === '') continue;
      if (node?.kind !== 'folder') return undefined;
      node = this.nodes.get(node.entries.get(name) ?? 0);
    }
    return node;
  }
}

/** The content after a change of it. */
export function applyData(content: Content, op: DataOp): Content {
  return op.op === 'write' ? content.write(op.at, op.bytes, op.hollow) : content.truncate(op.size);
}

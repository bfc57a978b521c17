/**
 * What is on the device at each point of a log, and what a crash there may take. The model, which is harsher than any file system that
 * the store is used on:
 *
 * - A process that ends leaves everything that the kernel has; the write that it was in may be torn at any byte.
 * - A power cut leaves what an ended fsync, fdatasync or sync of the folder covers. What began before the sync is covered, what came
 *   while it was under way is not.
 * - A file's bytes and its name are independent: fsync of a file does not save its name, the name does not save a byte.
 * - Of a file's changes that no sync covers, any earlier version may be there, the last one torn at any byte; its size without its
 *   bytes (zeros, as XFS and ext4 with delayed allocation leave it, or noise, as ext4 with data=writeback does); later blocks of 512 bytes
 *   without earlier ones.
 * - Of a folder's changes (create, link, rename, unlink, mkdir, rmdir) that no sync covers, any subset may be there that respects what
 *   each needs: a rename happens as a whole or not at all, and only where its file stood. That holds the order of ext4, XFS, btrfs and
 *   APFS (a prefix of all changes) and worse ones. A rename between folders is safe when either is synced, since it is one change.
 *
 * Modes and times of files are kept: nothing depends on them.
 *
 * @module
 */
import { applyData, Content, type DataOp, Disk, type NameOp, type Op } from './disk';

/** A file's content after one operation. */
interface Version {
  index: number;
  content: Content;
  mtimeMs: number;
}

/** A file of which something is not on the device. */
export interface LooseFile {
  ino: number;
  /** What is surely there, then the content after each change since; the last one is what the kernel shows. */
  versions: Content[];
  /** Everything in front of this byte is the same in all of them. */
  from: number;
}

/** A point of a log, where the power goes. */
export interface PowerPoint {
  /** So many operations happened. */
  at: number;
  /** Changes of names that may be lost, by their place in the log. */
  looseNames: { index: number; op: NameOp }[];
  looseFiles: LooseFile[];
}

/** What the damaged disk holds of one loose file. */
export interface FileFate {
  /** One of its versions. */
  version: number;
  /**
   * - `cut`: it ends at this byte.
   * - `zeros`, `noise`: from this byte on.
   * - `blocks`: those of these bits, counted from the one of the first loose byte, never came: they hold what an earlier version had there
   *   (the first one if left out), or zeros.
   */
  damage?: { kind: 'cut' | 'zeros' | 'noise'; from: number } | { kind: 'blocks'; missing: number; of?: number };
}

/** What becomes of everything loose. */
export interface Fate {
  /** In the order of `looseNames`: whether it is there. */
  names: boolean[];
  /** In the order of `looseFiles`. */
  files: FileFate[];
}

/** Smallest unit that a device writes as a whole. */
export const BLOCK = 512;

/** See the module. */
export class Timeline {
  readonly #versions = new Map<number, Version[]>();
  readonly #attributes = new Map<number, { mtimeMs?: number; mode?: number }>();

  /** Of a node that is made after all that happened here. */
  #nextIno: number;

  constructor(
    readonly base: Disk,
    readonly log: readonly Op[],
  ) {
    this.#nextIno = base.nextIno;
    for (const [index, op] of log.entries()) {
      if (op.op === 'write' || op.op === 'truncate') {
        this.#push(op, index);
      } else if (op.op === 'create') {
        this.#nextIno = Math.max(this.#nextIno, op.ino + 1);
      } else if (op.op === 'attributes') {
        this.#attributes.set(op.ino, { ...this.#attributes.get(op.ino), ...op });
      }
    }
  }

  /** What a power cut after so many operations may take. */
  point(at: number): PowerPoint {
    const covered = this.#covered(at);
    const looseNames: PowerPoint['looseNames'] = [];
    for (let index = 0; index < at; index++) {
      const op = this.log[index] as Op;
      if (isNameOp(op) && !isCovered(op, index, covered)) looseNames.push({ index, op });
    }
    const looseFiles: LooseFile[] = [];
    for (const [ino, all] of this.#versions) {
      const synced = covered.get(ino) ?? 0;
      const loose = all.filter(({ index }) => index >= synced && index < at);
      if (loose.length === 0) continue;
      const safe = this.#contentAt(ino, synced);
      looseFiles.push({
        ino,
        versions: [safe, ...loose.map(({ content }) => content)],
        from: firstChange(
          safe,
          loose.map(({ index }) => this.log[index] as DataOp),
        ),
      });
    }
    return { at, looseNames, looseFiles };
  }

  /** The disk as the power cut leaves it. */
  afterPowerCut(point: PowerPoint, fate: Fate): Disk {
    const lost = new Set(point.looseNames.flatMap(({ index }, i) => (fate.names[i] ? [] : [index])));
    const disk = this.#names(point.at, lost);
    const damaged = new Map(
      point.looseFiles.map((file, i) => [file.ino, damage(file, fate.files[i] as FileFate)] as const),
    );
    this.#fill(disk, point.at, damaged);
    return disk;
  }

  /** The disk as the end of a process leaves it, in the next operation if that is a write and `torn` bytes of it were made. */
  afterProcessEnd(at: number, torn = 0): Disk {
    const disk = this.#names(at, new Set());
    const next = this.log[at];
    const cut = new Map<number, Content>();
    if (torn > 0 && next?.op === 'write') {
      const before = this.#contentAt(next.ino, at);
      cut.set(next.ino, applyData(before, { ...next, bytes: next.bytes.subarray(0, torn) }));
    }
    this.#fill(disk, at, cut);
    return disk;
  }

  #push(op: DataOp, index: number): void {
    const versions = this.#versions.get(op.ino) ?? [];
    const before = versions.at(-1)?.content ?? this.#baseContent(op.ino);
    versions.push({ index, content: applyData(before, op), mtimeMs: op.time });
    this.#versions.set(op.ino, versions);
  }

  #baseContent(ino: number): Content {
    const node = this.base.nodes.get(ino);
    return node?.kind === 'file' ? node.content : Content.EMPTY;
  }

  #contentAt(ino: number, at: number): Content {
    return this.#versions.get(ino)?.findLast(({ index }) => index < at)?.content ?? this.#baseContent(ino);
  }

  /** By node: everything in front of this place in the log is on the device. */
  #covered(at: number): Map<number, number> {
    const covered = new Map<number, number>();
    for (let index = 0; index < at; index++) {
      const op = this.log[index] as Op;
      if (op.op !== 'sync' && op.op !== 'syncDir') continue;
      covered.set(op.ino, Math.max(op.since, covered.get(op.ino) ?? 0));
    }
    return covered;
  }

  #names(at: number, lost: ReadonlySet<number>): Disk {
    const disk = new Disk();
    disk.nodes.clear();
    for (const [ino, node] of this.base.nodes) {
      disk.nodes.set(ino, node.kind === 'file' ? { ...node } : { ...node, entries: new Map(node.entries) });
    }
    disk.nextIno = this.#nextIno;
    for (let index = 0; index < at; index++) {
      const op = this.log[index] as Op;
      if (!isNameOp(op)) continue;
      if (!lost.has(index)) disk.apply(op);
      // A node that has no name where it was made may get one by a link or a rename.
      else if (op.op === 'create') disk.make(op);
    }
    return disk;
  }

  #fill(disk: Disk, at: number, damaged: ReadonlyMap<number, Content>): void {
    for (const [ino, versions] of this.#versions) {
      const node = disk.nodes.get(ino);
      if (node?.kind !== 'file') continue;
      const newest = versions.findLast(({ index }) => index < at);
      node.content = damaged.get(ino) ?? newest?.content ?? this.#baseContent(ino);
      node.mtimeMs = newest?.mtimeMs ?? node.mtimeMs;
    }
    for (const [ino, { mtimeMs, mode }] of this.#attributes) {
      const node = disk.nodes.get(ino);
      if (node && mtimeMs !== undefined) node.mtimeMs = mtimeMs;
      if (node && mode !== undefined) node.mode = mode;
    }
  }
}

function isNameOp(op: Op): op is NameOp {
  return op.op === 'create' || op.op === 'link' || op.op === 'unlink' || op.op === 'rename';
}

function isCovered(op: NameOp, index: number, covered: ReadonlyMap<number, number>): boolean {
  if (index < (covered.get(op.dir) ?? 0)) return true;
  return op.op === 'rename' && index < (covered.get(op.toDir) ?? 0);
}

function firstChange(safe: Content, ops: readonly DataOp[]): number {
  return Math.min(safe.size, ...ops.map((op) => (op.op === 'write' ? op.at : op.size)));
}

function damage({ versions, from }: LooseFile, { version, damage: kind }: FileFate): Content {
  const content = versions[version] as Content;
  if (!kind || content.hollow) return content;
  if (kind.kind === 'cut') return content.truncate(Math.min(kind.from, content.size));
  const bytes = Buffer.from(content.bytes);
  if (kind.kind === 'zeros') bytes.fill(0, Math.min(kind.from, bytes.length));
  else if (kind.kind === 'blocks') dropBlocks(bytes, versions[kind.of ?? 0] as Content, from, kind.missing);
  else for (let at = kind.from; at < bytes.length; at++) bytes[at] = 0x80 | (at * 167 + (at >> 3) * 13);
  return new Content(bytes);
}

function dropBlocks(bytes: Buffer, before: Content, from: number, missing: number): void {
  const first = Math.floor(from / BLOCK);
  for (let n = 0; n < 31 && (first + n) * BLOCK < bytes.length; n++) {
    if ((missing & (1 << n)) === 0) continue;
    const start = (first + n) * BLOCK;
    const end = Math.min(start + BLOCK, bytes.length);
    bytes.fill(0, start, end);
    if (start < before.bytes.length) before.bytes.copy(bytes, start, start, Math.min(end, before.bytes.length));
  }
}

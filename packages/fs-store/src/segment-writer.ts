/**
 * The segment that is being written, and the change to the next one.
 *
 * Batches that no sync has covered are kept in memory. Whenever the writer leaves a segment (it is full, a sync or a write failed, or a
 * crash tore its end) the next one starts with these batches as its content, and the number in its name tells a replay
 * to disregard what the old one holds from there on. So at any time exactly one segment has content that is not synced yet,
 * and no order in which the disk takes blocks can leave a gap.
 *
 * @module
 */
import { join } from 'node:path';
import { discard, openTemporary, writeAllSync } from './atomic';
import { BlockReader } from './block-reader';
import { errorCode, type Files } from './files';
import { headerLine, listSegments, segmentName } from './segment';

/** Where a batch stands: add an offset in the batch for the place of a line or a body. */
export interface BatchPlace {
  segment: string;
  offset: number;
}

interface Segment {
  name: string;
  fd: number;
  /** Where the last good batch ends. */
  size: number;
  /** Its length and its name were on the device once, so that a sync of its content is enough. */
  settled: boolean;
  /**
   * Something stands, or stood, behind its last good batch: what a crash tore, or a write that failed and was refused. Nothing may be
   * appended, also where it was cut off: a power cut may bring a part of it back, in front of what would stand there.
   */
  spoilt: 'torn' | 'refused' | undefined;
  /** A sync is under way, so the descriptor must stay open. */
  syncing: boolean;
}

interface Unsynced extends BatchPlace {
  lines: Buffer;
  first: number;
}

/** What stood behind `from` in a segment when it was left stands elsewhere since. */
interface Move extends BatchPlace {
  from: number;
}

/** Writes one segment at a time. */
export class SegmentWriter {
  /** Number that the next record gets. */
  next: number;
  readonly #files: Files;
  readonly #dir: string;
  readonly #keep: boolean;
  readonly #header: () => { epoch: number; at: number };
  readonly #reader: BlockReader;
  readonly #moves = new Map<string, Move>();
  #segment: Segment | null = null;
  #unsynced: Unsynced[] = [];
  #waiting = 0;
  #synced = 0;

  /** `keep`: batches count only when they are synced, and are kept until then. */
  constructor(files: Files, dir: string, next: number, keep: boolean, header: () => { epoch: number; at: number }) {
    this.#files = files;
    this.#dir = dir;
    this.#keep = keep;
    this.#header = header;
    this.#reader = new BlockReader(files, dir);
    this.next = next;
  }

  get name(): string | null {
    return this.#segment?.name ?? null;
  }

  get size(): number {
    return this.#segment?.size ?? 0;
  }

  /** Whether the segment takes a batch. */
  get writable(): boolean {
    return this.#segment !== null && this.#segment.spoilt === undefined;
  }

  /** Records below this number are as durable as promised. */
  get durable(): number {
    return this.#unsynced[0]?.first ?? this.next;
  }

  /** Number of the newest record that is known to be on the device; 0: none. */
  get synced(): number {
    return this.#synced;
  }

  /** How many bytes wait for a sync. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Writes the batch, or throws with the segment as it was (or `writable` no longer). */
  write(lines: Buffer, first: number, last: number): BatchPlace {
    const segment = this.#segment as Segment;
    const place = { segment: segment.name, offset: segment.size };
    try {
      writeAllSync(this.#files, segment.fd, lines);
    } catch (error) {
      // A block that was read meanwhile may hold what is cut off here.
      this.#reader.forget(segment.name);
      segment.spoilt = 'refused';
      this.#cut(segment);
      throw error;
    }
    segment.size += lines.length;
    this.next = last + 1;
    if (this.#keep) {
      // The caller uses its memory again.
      this.#unsynced.push({ ...place, lines: Buffer.from(lines), first });
      this.#waiting += lines.length;
    }
    return place;
  }

  /**
   * Syncs the segment. `false`: it was left meanwhile. What this sync covered became void by that, and stands in the next segment.
   * When it throws, the segment must be left: a descriptor whose sync failed may say yes the next time to pages that the
   * kernel has given up.
   */
  async sync(): Promise<boolean> {
    const segment = this.#segment as Segment;
    const covered = this.#unsynced.length;
    const newest = this.next - 1;
    segment.syncing = true;
    try {
      if (segment.settled) await this.#files.fdatasync(segment.fd);
      else {
        await this.#files.fsync(segment.fd);
        await this.#files.syncDir(this.#dir);
        segment.settled = true;
      }
    } catch (error) {
      if (this.#segment === segment) throw error;
    } finally {
      segment.syncing = false;
      if (this.#segment !== segment) this.#close(segment);
    }
    if (this.#segment !== segment) return false;
    for (const { lines } of this.#unsynced.splice(0, covered)) this.#waiting -= lines.length;
    this.vouch(newest);
    return true;
  }

  /** Leaves the segment for a new one, which starts with everything that is not synced. When it throws, nothing has changed. */
  start(): void {
    const old = this.#segment;
    const first = this.#unsynced[0]?.first ?? this.next;
    const name = segmentName(first);
    const path = join(this.#dir, name);
    // What was not synced stands in it.
    const header = headerLine({ first, sealed: this.#keep, ...this.#header() });
    const content = Buffer.concat([header, ...this.#unsynced.map(({ lines }) => lines)]);
    const temporary = openTemporary(this.#files, path);
    try {
      writeAllSync(this.#files, temporary.fd, content);
      // Windows does not rename over a file that we have open for reading.
      this.#reader.forget(name);
      // The name is the old one's own if not one record of it was ever synced: then it is replaced, and no place changes.
      if (old?.name !== name) this.#setAside(path);
      this.#files.renameSync(temporary.path, path);
    } catch (error) {
      this.#files.closeSync(temporary.fd);
      discard(this.#files, temporary.path);
      throw error;
    }
    this.#segment = { name, fd: temporary.fd, size: content.length, settled: false, spoilt: undefined, syncing: false };
    if (old && old.name !== name) this.#move(old, name, header.length);
    if (old && !old.syncing) this.#close(old);
  }

  /** Goes on in an existing segment that ends with a whole batch, at `end`; with anything behind it, the next batch needs a new segment. */
  resume(name: string, end: number): void {
    const fd = this.#files.openSync(join(this.#dir, name), 'append');
    const segment: Segment = { name, fd, size: end, settled: true, spoilt: undefined, syncing: false };
    this.#segment = segment;
    if (this.#files.fstatSync(fd).size > end) segment.spoilt = 'torn';
  }

  /** All records up to this number are on the device. */
  vouch(newest: number): void {
    this.#synced = Math.max(this.#synced, newest);
  }

  /** A replay found that this segment does not count: it is kept for a person to look at. */
  giveUp(name: string): void {
    for (const path of [join(this.#dir, name), join(this.#dir, `${name}.gz`)]) {
      if (this.#setAside(path) === 'empty') this.#files.unlinkSync(path);
    }
  }

  /** Syncs all that is in the folder. A replay may have read what a dead process wrote and never synced. */
  async settleAll(): Promise<void> {
    for (const { name, plain } of listSegments(this.#files, this.#dir)) {
      if (!plain) continue;
      const fd = this.#files.openSync(join(this.#dir, name), 'append');
      try {
        await this.#files.fsync(fd);
      } finally {
        this.#files.closeSync(fd);
      }
    }
    await this.#files.syncDir(this.#dir);
  }

  /** Reads bytes of a file, wherever they stand by now. */
  read(file: string, offset: number, length: number): string {
    let [name, at] = [file, offset];
    for (let move = this.#moves.get(name); move && at >= move.from; move = this.#moves.get(name)) {
      [name, at] = [move.segment, at - move.from + move.offset];
    }
    return this.#reader.read(name, at, length);
  }

  /** The file is about to be removed. What was moved out of it before is still found by its old place. */
  forget(name: string): void {
    this.#reader.forget(name);
  }

  close(): void {
    this.#reader.close();
    const segment = this.#segment;
    this.#segment = null;
    if (!segment) return;
    this.#close(segment);
  }

  /** No other segment will come: whole lines of what was refused would count when the store is opened again. */
  async cutOff(): Promise<void> {
    const segment = this.#segment;
    if (segment?.spoilt !== 'refused') return;
    this.#cut(segment);
    // What is appended then must not meet it after a power cut.
    await this.#files.fsync(segment.fd).catch(() => {});
  }

  #cut({ fd, size }: Segment): void {
    try {
      this.#files.ftruncateSync(fd, size);
    } catch {
      // The disk does not even let go.
    }
  }

  #move(old: Segment, name: string, start: number): void {
    const from = this.#unsynced[0]?.offset;
    if (from === undefined) return;
    this.#moves.set(old.name, { from, segment: name, offset: start });
    this.#reader.forget(old.name);
    let offset = start;
    for (const batch of this.#unsynced) {
      batch.segment = name;
      batch.offset = offset;
      offset += batch.lines.length;
    }
    try {
      this.#files.ftruncateSync(old.fd, from);
    } catch {
      // Only tidiness: the number of the new segment says that this does not count.
    }
  }

  /** A file of that name that no replay could use: kept for a person to look at, unless there is nothing in it. */
  #setAside(path: string): 'nothing' | 'empty' | 'done' {
    try {
      if (this.#files.lstatSync(path).size === 0) return 'empty';
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 'nothing';
      throw error;
    }
    this.#files.renameSync(path, `${path}.${this.#header().epoch}.bad`);
    return 'done';
  }

  #close(segment: Segment): void {
    try {
      this.#files.closeSync(segment.fd);
    } catch {
      // Its content was synced before, or stands in another segment.
    }
  }
}

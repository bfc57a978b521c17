/**
 * Snapshots: all jobs at about one moment, so that a replay starts there and not at the beginning of time.
 *
 * A snapshot is fuzzy: it is written in slices while the store works on. Each job in it carries the number of the newest record that
 * changed it, so a replay from `from` on skips what the job has seen already (the way of ARIES). Jobs that left the store while it was
 * written may be in it or not; the replay removes them.
 *
 * @module
 */
import { join } from 'node:path';
import { type Clock, type Json, StoreError } from '@leviathan/core';
import {
  type About,
  dataOf,
  Entry,
  headTextOf,
  type JobHead,
  type JobTable,
  resultOf,
  type StoredDefinition,
  type StoredSchedule,
} from '@leviathan/core/engine';
import { discard, openTemporary, renameBusy, writeAll } from './atomic';
import type { BodyCache } from './bodies';
import { bodyOf, LineDecoder, LineEncoder } from './codec';
import type { Files } from './files';
import { ReadPatience, sizeHint } from './read-patience';
import { snapshotMetaParser } from './snapshot-meta';

/** Version of the lines in a snapshot. */
const SNAPSHOT_FORMAT = 1;

const NAME = /^snapshot-(\d{16})\.ndjson$/;
/** Jobs that one slice writes: about 2 ms. */
const SLICE = 500;
/** Texts whose new places are noted at once when it is done. */
const MOVE_SLICE = 20_000;
const CHUNK = 1 << 20;
/** Bytes that are read and taken in at once: a few milliseconds. */
const READ_CHUNK = 1 << 18;

/** What a snapshot says of itself. */
export interface SnapshotInfo {
  name: string;
  /** Records up to here are in it. */
  from: number;
  /** Records after `from` and up to here may be in it. */
  to: number;
  jobs: number;
}

/** The snapshots in a folder, newest first. */
export function listSnapshots(files: Files, dir: string): { name: string; from: number }[] {
  return files
    .readdirSync(dir)
    .flatMap((item) => {
      const match = item.isFile() ? NAME.exec(item.name) : null;
      return match ? [{ name: item.name, from: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.from - a.from);
}

/** Everything a snapshot needs. */
export interface SnapshotSource {
  files: Files;
  dir: string;
  table: JobTable;
  bodies: BodyCache;
  clock: Clock;
  /** Removed jobs whose files may still stand in a folder. */
  tombstones: Iterable<string>;
  /** Awaited between slices. */
  pause: () => Promise<void>;
  /** Resolves when every record written so far is as durable as the store promises. */
  synced: () => Promise<void>;
}

/**
 * Writes a snapshot under a temporary name, flushes it, gives it its name, and lets every job's texts refer to it from then on.
 * @throws the error of the call that failed, with nothing left behind
 */
export async function writeSnapshot(source: SnapshotSource): Promise<SnapshotInfo> {
  const { files, dir, table } = source;
  const from = table.seq;
  const name = `snapshot-${String(from).padStart(16, '0')}.ndjson`;
  const { path: temporary, fd } = openTemporary(files, join(dir, name));
  const writer = new SnapshotWriter(source, fd, name);
  let info: SnapshotInfo;
  try {
    try {
      info = await writer.run(from);
      await files.fsync(fd);
    } finally {
      files.closeSync(fd);
    }
    // A snapshot must not outlive records that it shows: after a power cut their numbers would be given to others.
    await source.synced();
    await renameBusy(files, temporary, join(dir, name));
  } catch (error) {
    discard(files, temporary);
    throw error;
  }
  await files.syncDir(dir);
  await writer.moveReferences();
  return info;
}

type IsThere = (file: string | undefined, offset: number | undefined) => boolean;

/** Where the texts of jobs were, and where they are in the new file: a few numbers each, since there may be a million. */
class Moves {
  private readonly entries: Entry[] = [];
  private readonly filesBefore: (string | undefined)[] = [];
  private readonly offsetsBefore: number[] = [];
  private readonly offsets: number[] = [];
  private readonly lengths: number[] = [];

  add(entry: Entry, fileBefore: string | undefined, offsetBefore: number, offset: number, length: number): void {
    this.entries.push(entry);
    this.filesBefore.push(fileBefore);
    this.offsetsBefore.push(offsetBefore);
    this.offsets.push(offset);
    this.lengths.push(length);
  }

  /** Hands out each job with its new place. */
  async each(
    pause: () => Promise<void>,
    move: (entry: Entry, isWhereItWas: IsThere, offset: number, length: number) => void,
  ): Promise<void> {
    let i = 0;
    const isWhereItWas: IsThere = (file, offset) => file === this.filesBefore[i] && offset === this.offsetsBefore[i];
    for (; i < this.entries.length; i++) {
      if (i > 0 && i % MOVE_SLICE === 0) await pause();
      move(this.entries[i] as Entry, isWhereItWas, this.offsets[i] as number, this.lengths[i] as number);
    }
  }
}

class SnapshotWriter {
  private readonly encoder = new LineEncoder();
  private written = 0;
  private readonly data = new Moves();
  private readonly results = new Moves();

  constructor(
    private readonly source: SnapshotSource,
    private readonly fd: number,
    private readonly name: string,
  ) {}

  async run(from: number): Promise<SnapshotInfo> {
    const { table, clock, tombstones } = this.source;
    const paused = { all: table.pausedAll, types: [...table.pausedTypes] };
    const operation = table.operation > 0 ? { operation: table.operation } : {};
    this.line({ op: 'snapshot', format: SNAPSHOT_FORMAT, from, at: clock.now(), paused, ...operation });
    let jobs = 0;
    for (const entry of table.entries.ascending()) {
      this.job(entry);
      if (++jobs % SLICE !== 0) continue;
      if (this.encoder.size >= CHUNK) await this.flush();
      await this.source.pause();
    }
    // Also those that run nothing now: a worker is recorded once, and may take its next job after this snapshot.
    for (const [worker, instance] of table.workers) this.line({ op: 'worker', worker, instance });
    for (const { value: _value, text, ...definition } of table.definitions.all())
      this.encoder.add(JSON.stringify({ op: 'define', ...definition }), text);
    for (const [name, state] of table.schedules) this.line({ op: 'schedule', name, ...state });
    for (const id of tombstones) this.line({ op: 'tombstone', id });
    const info: SnapshotInfo = { name: this.name, from, to: table.seq, jobs };
    // The last line proves that the file is whole.
    this.line({ op: 'end', to: info.to, jobs });
    await this.flush();
    return info;
  }

  /** Once the file has its name: what is in older files is not needed any more. */
  async moveReferences(): Promise<void> {
    const { pause } = this.source;
    // A job that was edited or settled since keeps its newer place.
    await this.data.each(pause, (entry, isWhereItWas, offset, length) => {
      if (isWhereItWas(entry.dataFile, entry.dataOffset)) entry.setDataPlace(this.name, offset, length);
    });
    await this.results.each(pause, ({ run }, isWhereItWas, offset, length) => {
      if (isWhereItWas(run?.resultFile, run?.resultOffset)) run?.setResultPlace(this.name, offset, length);
    });
  }

  private job(entry: Entry): void {
    const { bodies } = this.source;
    const { seq, lastSeq, size } = entry;
    const meta = `{"op":"job","seq":${seq},"last":${lastSeq},"size":${size},"job":${headTextOf(entry)}}`;
    this.encoder.add(meta, dataOf(entry, bodies));
    this.data.add(entry, entry.dataFile, entry.dataOffset, this.bodyStart, this.encoder.bodyLength);
    const result = resultOf(entry, bodies);
    const { run } = entry;
    if (!run || result === undefined) return;
    this.encoder.add(JSON.stringify({ op: 'result', id: entry.id }), result);
    this.results.add(entry, run.resultFile, run.resultOffset, this.bodyStart, this.encoder.bodyLength);
  }

  private line(meta: object): void {
    this.encoder.add(JSON.stringify(meta));
  }

  /** Where the body of the newest line will stand in the file. */
  private get bodyStart(): number {
    return this.written + this.encoder.bodyStart;
  }

  private async flush(): Promise<void> {
    const bytes = this.encoder.bytes();
    await writeAll(this.source.files, this.fd, bytes);
    this.written += bytes.length;
    this.encoder.clear();
  }
}

/** A snapshot that was read. */
export interface LoadedSnapshot extends SnapshotInfo {
  tombstones: string[];
}

/**
 * Fills an empty table from a snapshot: with all jobs, or those of `about`.
 * @throws StoreError when the file is not whole; the table is of no use then
 */
export async function loadSnapshot(
  files: Files,
  dir: string,
  name: string,
  table: JobTable,
  pause: () => Promise<void>,
  patience = new ReadPatience(),
  about?: About,
): Promise<LoadedSnapshot> {
  const info: LoadedSnapshot = { name, from: 0, to: 0, jobs: 0, tombstones: [] };
  let newest: Entry | undefined;
  let ended = false;
  let jobs = 0;
  const fd = await patience.open(files, join(dir, name));
  try {
    const decoder = new LineDecoder(0, snapshotMetaParser());
    for await (const chunk of readAhead(files, fd, patience)) {
      for (const found of decoder.push(chunk)) {
        if (found.kind !== 'line') throw damaged(name, found.reason);
        const { meta } = found;
        if (meta.op === 'job') {
          jobs++;
          const job = meta.job as JobHead;
          if (about && !about.has(job.id)) {
            newest = undefined;
            continue;
          }
          const entry = new Entry(job.id, job.type, meta.seq as number, job.created as number, job);
          entry.lastSeq = meta.last as number;
          entry.setDataPlace(name, found.bodyStart, found.bodyLength);
          entry.size = meta.size as number;
          // A job that was removed and added again while this was written may stand here twice: the later one is it.
          const earlier = table.entries.get(entry.id);
          if (earlier) table.remove(earlier);
          table.insert(entry);
          newest = entry;
        } else if (meta.op === 'result') {
          if (about && !about.has(meta.id as string)) continue;
          if (newest === undefined || newest.id !== meta.id)
            throw damaged(name, `the result of ${meta.id} does not follow its job`);
          newest.setResultPlace(name, found.bodyStart, found.bodyLength);
        } else if (meta.op === 'snapshot') readHeader(meta, info, table, name);
        else if (meta.op === 'worker') table.workers.set(meta.worker as string, meta.instance as string);
        else if (meta.op === 'define') table.definitions.put(definitionOf(meta, bodyOf(found)));
        else if (meta.op === 'schedule') putSchedule(table, meta);
        else if (meta.op === 'tombstone') info.tombstones.push(meta.id as string);
        else if (meta.op === 'end') {
          ended = jobs === meta.jobs;
          info.to = meta.to as number;
        } else throw damaged(name, `its line ${JSON.stringify(bodyOf(found)).slice(0, 40)} is unknown`);
      }
      decoder.letGo();
      await pause();
    }
    for (const { reason } of decoder.end()) throw damaged(name, reason);
  } finally {
    files.closeSync(fd);
  }
  if (!ended) throw damaged(name, 'its last line is missing');
  table.seq = info.from;
  return { ...info, jobs };
}

/** The bytes of a file from front to back. The next chunk is read meanwhile, and each one's memory is used again for the one after it. */
async function* readAhead(files: Files, fd: number, patience: ReadPatience): AsyncGenerator<Buffer> {
  // A small snapshot takes little memory.
  const length = Math.min(READ_CHUNK, Math.max(sizeHint(files, fd), 1));
  let [chunk, other] = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)];
  let reading = patience.read(files, fd, chunk, 0);
  try {
    for (let position = 0; ; ) {
      const bytes = await reading;
      if (bytes === 0) return;
      position += bytes;
      reading = patience.read(files, fd, other, position);
      // Thrown when it is waited for, which may be never.
      reading.catch(() => {});
      yield chunk.subarray(0, bytes);
      [chunk, other] = [other, chunk];
    }
  } finally {
    // Nobody may close the file before.
    await reading.catch(() => {});
  }
}

function readHeader(meta: Record<string, unknown>, info: SnapshotInfo, table: JobTable, name: string): void {
  if (typeof meta.format !== 'number' || meta.format > SNAPSHOT_FORMAT)
    throw damaged(name, `its format is ${String(meta.format)}`);
  info.from = meta.from as number;
  if (typeof meta.operation === 'number') table.operation = meta.operation;
  const paused = meta.paused as { all: boolean; types: string[] };
  table.pausedAll = paused.all;
  for (const type of paused.types) table.pausedTypes.add(type);
}

function putSchedule({ schedules }: JobTable, meta: Record<string, unknown>): void {
  const { op: _op, name, ...state } = meta;
  schedules.put(name as string, state as unknown as StoredSchedule);
}

function definitionOf(meta: Record<string, unknown>, text: string): StoredDefinition {
  const { op: _op, ...definition } = meta;
  return { ...(definition as Omit<StoredDefinition, 'value' | 'text'>), value: JSON.parse(text) as Json, text };
}

function damaged(name: string, reason: string): StoreError {
  return new StoreError('DAMAGED', `The snapshot ${name} is damaged: ${reason}.`);
}

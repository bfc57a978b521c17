/**
 * Writes a snapshot, in slices between which the store works on.
 *
 * @module
 */
import { join } from 'node:path';
import type { Clock } from '@leviathan/core';
import { dataOf, type Entry, headTextOf, type JobTable, resultOf } from '@leviathan/core/engine';
import { discard, openTemporary, renameBusy, writeAll } from './atomic';
import type { BodyCache } from './bodies';
import { LineEncoder } from './codec';
import type { Files } from './files';
import { SNAPSHOT_FORMAT, type SnapshotInfo } from './snapshot';

/** Jobs that one slice writes: about 2 ms. */
const SLICE = 500;
/** Texts whose new places are noted at once when it is done. */
const MOVE_SLICE = 20_000;
const CHUNK = 1 << 20;

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
    for (const window of table.keys.windows) if (clock.now() < window.until) this.line({ op: 'window', ...window });
    for (const id of tombstones) this.line({ op: 'tombstone', id });
    const info: SnapshotInfo = { name: this.name, from, to: table.seq, jobs };
    // Those up to `to`, where every job is as the replay will find it: it counts on from there.
    for (const { body, ...meta } of table.history.freeze()) {
      this.encoder.add(JSON.stringify({ op: 'history', ...meta }), body);
      if (this.encoder.size >= CHUNK) await this.flush();
      await this.source.pause();
    }
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

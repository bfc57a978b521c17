/**
 * Reads a snapshot into an empty table.
 *
 * @module
 */
import { join } from 'node:path';
import { type Json, StoreError } from '@leviathan/core';
import {
  type About,
  Entry,
  type HistoryLine,
  type JobHead,
  type JobTable,
  type StoredDefinition,
  type StoredSchedule,
} from '@leviathan/core/engine';
import { bodyOf, LineDecoder } from './codec';
import type { Files } from './files';
import { ReadPatience, sizeHint } from './read-patience';
import { SNAPSHOT_FORMAT, type SnapshotInfo } from './snapshot';
import { snapshotMetaParser } from './snapshot-meta';

/** Bytes that are read and taken in at once: a few milliseconds. */
const READ_CHUNK = 1 << 18;

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
        else if (meta.op === 'window') readWindow(meta, table);
        else if (meta.op === 'history') {
          table.history.load({ ...(meta as unknown as Omit<HistoryLine, 'body'>), body: bodyOf(found) });
        } else if (meta.op === 'tombstone') info.tombstones.push(meta.id as string);
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
  table.history.countedTo = info.to;
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

function readWindow(meta: Record<string, unknown>, table: JobTable): void {
  const { key, id, until } = meta as { key: string; id: string; until: number };
  table.keys.windows.open({ key, id, until }, Number.NEGATIVE_INFINITY);
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

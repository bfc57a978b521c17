/**
 * The files of a journal: `<number of the first record, 16 digits>.ndjson`, compressed once they are old to `….ndjson.gz`.
 *
 * The first line of a segment is its header. A segment's number also ends its predecessors: whatever they hold at or after that
 * record was given up when the segment was made, and is written again in it if it was worth anything.
 *
 * @module
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { StoreFormatError } from '@leviathan/core';
import { type Line, LineDecoder, LineEncoder } from './codec';
import type { Files } from './files';
import { type ReadPatience, sizeHint } from './read-patience';

/** Version of the lines in a segment. */
const JOURNAL_FORMAT = 1;

/** What a segment says of itself. */
export interface SegmentHeader {
  /** Number of the first record. */
  first: number;
  /** Which owner of the store made it, counted from 1. */
  epoch: number;
  /** Epoch milliseconds. */
  at: number;
  /** All records in front of it were on the device when it was made. */
  sealed?: boolean;
}

/** A segment in the folder. A crash during compression can leave both files. */
export interface SegmentFile {
  first: number;
  /** Name of the plain file, whether it is there or not. */
  name: string;
  plain: boolean;
  gz: boolean;
}

const NAME = /^(\d{16})\.ndjson(\.gz)?$/;
/** Bytes read at once: about a millisecond of decoding. */
const CHUNK = 1 << 17;
/** A first line has no more bytes than this. */
const HEAD = 1 << 16;

/** Name of the segment that starts with this record. */
export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.ndjson`;
}

/** The segments in a folder, oldest first. */
export function listSegments(files: Files, dir: string): SegmentFile[] {
  const found = new Map<number, SegmentFile>();
  for (const entry of files.readdirSync(dir)) {
    const match = entry.isFile() ? NAME.exec(entry.name) : null;
    if (!match) continue;
    const first = Number(match[1]);
    const segment = found.get(first) ?? { first, name: segmentName(first), plain: false, gz: false };
    segment[match[2] ? 'gz' : 'plain'] = true;
    found.set(first, segment);
  }
  return [...found.values()].sort((a, b) => a.first - b.first);
}

/** Length of the JSON of every header: a segment that is written anew under the same name keeps the places of its records. */
const HEADER_LENGTH = 110;

/** The header's line. */
export function headerLine({ first, epoch, at, sealed }: SegmentHeader): Buffer {
  const json = JSON.stringify({
    op: 'segment',
    format: JOURNAL_FORMAT,
    first,
    epoch,
    at,
    ...(sealed && { sealed: 1 }),
  });
  const encoder = new LineEncoder();
  encoder.add(`${json.slice(0, -1).padEnd(HEADER_LENGTH - 1)}}`);
  return encoder.take();
}

/**
 * The header in a line, `null` when it is none.
 * @throws StoreFormatError when a newer version wrote it
 */
export function readHeader({ meta }: Line): SegmentHeader | null {
  const { op, format, first, epoch, at, sealed } = meta;
  if (op !== 'segment' || typeof format !== 'number') return null;
  if (format > JOURNAL_FORMAT) throw new StoreFormatError(String(format), String(JOURNAL_FORMAT));
  if (typeof first !== 'number' || typeof epoch !== 'number' || typeof at !== 'number') return null;
  return { first, epoch, at, sealed: sealed === 1 };
}

/**
 * The meta of a file's first line, or null when there is none that is whole. Read at once: it is a few bytes.
 * @throws what the file system throws
 */
export function firstMeta(files: Files, path: string): Record<string, unknown> | null {
  const fd = files.openSync(path, 'read');
  try {
    const bytes = Buffer.allocUnsafeSlow(HEAD);
    const head = bytes.subarray(0, files.readSync(fd, bytes, 0, HEAD, 0));
    const plain = path.endsWith('.gz') ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }) : head;
    const [line] = new LineDecoder().push(plain);
    return line?.kind === 'line' ? line.meta : null;
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  } finally {
    files.closeSync(fd);
  }
}

/** How to read a file. */
interface ReadOptions {
  /** Without it EIO is thrown at once. */
  patience?: ReadPatience;
  /** A chunk may be overwritten by the next one. Many that live for a moment keep V8 from giving memory back once it is idle. */
  reuse?: boolean;
}

/** The bytes of a file (unpacked, if its name ends in `.gz`) in chunks; the event loop runs between them. */
export async function* readChunks(files: Files, path: string, options: ReadOptions = {}): AsyncGenerator<Buffer> {
  if (!path.endsWith('.gz')) {
    yield* readRaw(files, path, options);
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK });
  // The stream holds several at once.
  const fed = pipeline(Readable.from(readRaw(files, path, { ...options, reuse: false })), gunzip);
  // The same error ends the loop below, which is where it is thrown.
  fed.catch(() => {});
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } finally {
    gunzip.destroy();
    await fed.catch(() => {});
  }
}

async function* readRaw(files: Files, path: string, { patience, reuse }: ReadOptions): AsyncGenerator<Buffer> {
  const fd = patience ? await patience.open(files, path) : files.openSync(path, 'read');
  try {
    const size = sizeHint(files, fd);
    let chunk: Buffer | undefined;
    for (let position = 0; ; ) {
      // A small segment takes little memory.
      if (!reuse || !chunk) chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(size - position, 1)));
      const read = patience?.read(files, fd, chunk, position) ?? files.read(fd, chunk, 0, chunk.length, position);
      const bytes = await read;
      if (bytes === 0) return;
      position += bytes;
      yield chunk.subarray(0, bytes);
    }
  } finally {
    files.closeSync(fd);
  }
}

/** Whether a segment reads from its header to its last byte as lines. */
export async function isWhole(files: Files, path: string): Promise<boolean> {
  const decoder = new LineDecoder();
  let lines = 0;
  try {
    for await (const chunk of readChunks(files, path)) {
      for (const item of decoder.push(chunk)) {
        if (item.kind !== 'line' || (lines === 0 && !readHeader(item))) return false;
        lines++;
      }
    }
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
  return lines > 0 && decoder.end().length === 0;
}

/** Whether a failed read means that the bytes are lost, and not that this process may not, or cannot now, read them. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'EIO' || code.startsWith('Z_');
}

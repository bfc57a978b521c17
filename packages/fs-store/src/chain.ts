/**
 * The hash chain over the segments of a journal, in `chain.json` beside them. Each sealed segment (one that has a successor) has a link: the
 * SHA-256 of its predecessor's link and of its own bytes. So nobody alters, cuts, swaps or takes away one without the chain showing it,
 * unless every later link is made anew: who keeps the newest one elsewhere will notice that, too.
 *
 * A link covers the bytes up to the last record that counts, unpacked: what stands behind it was given up when the next segment began, and a
 * power cut may bring it back. It is written only when these bytes, and the name of the next segment, are on the device.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { StoreClosedError } from '@leviathan/core';
import { renameBusy, writeFileAtomic } from './atomic';
import { type Damage, type Line, LineDecoder } from './codec';
import { errorCode, type Files } from './files';
import { readTextFile } from './read-text';
import { listSegments, readChunks, type SegmentFile } from './segment';

const CHAIN_FORMAT = 1;
const NAME = 'chain.json';
/** In front of the first link. */
const NOTHING = '0'.repeat(64);
/** Bytes at the end of a segment in which its last record is looked for first. */
const TAIL = 1 << 16;
/** Bytes of a chain that is read: half a million segments. */
const LARGEST = 1 << 26;
/** How often a file may be compressed while it is being read. */
const TRIES = 3;

/** One sealed segment. */
export interface Link {
  /** Number of its first record. */
  first: number;
  /** Unpacked, from its first byte to the end of the last record that counts. */
  bytes: number;
  /** SHA-256 in hex: of the link before, as its 64 digits, and these bytes. */
  hash: string;
}

/** Content of `chain.json`. */
export interface ChainFile {
  format: number;
  /** Segments before record `first` are not covered: they were older than the chain, or their retention ended. `hash`: the link of the last. */
  begin: { first: number; hash: string };
  segments: Link[];
}

/** The chain of a folder; `damaged`: the file is there and makes no sense. */
export function readChain(files: Files, dir: string): ChainFile | 'missing' | 'damaged' {
  let chain: unknown;
  try {
    chain = JSON.parse(readTextFile(files, join(dir, NAME), LARGEST));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing';
    if (errorCode(error) !== undefined) throw error;
    return 'damaged';
  }
  return isChain(chain) ? chain : 'damaged';
}

/** Keeps the chain of a journal that this process writes. */
export class SegmentChain {
  private chain: ChainFile | undefined;
  private last: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly files: Files,
    private readonly dir: string,
  ) {}

  /**
   * Adds a link for each sealed segment that has none, also for those that a process before sealed and did not come to. Where there is no chain
   * one begins with the segment that is being written. `pause` is awaited between reads.
   */
  extend(pause: () => Promise<void> = async () => {}): Promise<void> {
    return this.inTurn(async () => {
      for (let tries = 0; ; ) {
        try {
          if (!(await this.addLink(pause))) return;
          tries = 0;
        } catch (error) {
          // It was compressed at this moment.
          if (errorCode(error) !== 'ENOENT' || ++tries === TRIES) throw error;
        }
      }
    });
  }

  /** Segments before this record are about to be removed, because their retention ended. */
  forget(first: number): Promise<void> {
    return this.inTurn(async () => {
      const chain = readChain(this.files, this.dir);
      if (typeof chain === 'string' || first <= chain.begin.first) return;
      const gone = chain.segments.filter((link) => link.first < first);
      const hash = gone.at(-1)?.hash ?? chain.begin.hash;
      await this.write({ ...chain, begin: { first, hash }, segments: chain.segments.slice(gone.length) });
    });
  }

  /** Resolves when nothing is under way any more. */
  idle(): Promise<void> {
    return this.last;
  }

  /** What is under way is given up: the next owner goes on with it. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.last;
  }

  private inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.last.then(async () => {
      if (!this.stopped) await run();
    });
    this.last = turn.catch(() => {});
    return turn.catch((error) => {
      if (!this.stopped) throw error;
    });
  }

  private async readOrBegin(): Promise<ChainFile> {
    const chain = readChain(this.files, this.dir);
    if (typeof chain === 'object') return chain;
    if (chain === 'damaged') await setChainAside(this.files, this.dir);
    const first = listSegments(this.files, this.dir).at(-1)?.first ?? 1;
    return this.write({ format: CHAIN_FORMAT, begin: { first, hash: NOTHING }, segments: [] });
  }

  /** Whether there was one to add. */
  private async addLink(pause: () => Promise<void>): Promise<boolean> {
    this.chain ??= await this.readOrBegin();
    const { chain } = this;
    const newest = chain.segments.at(-1);
    const segments = listSegments(this.files, this.dir);
    const index = segments.findIndex(({ first }) => (newest ? first > newest.first : first >= chain.begin.first));
    const [segment, successor] = index < 0 ? [] : segments.slice(index);
    if (!segment || !successor) return false;
    await this.settle(segment);
    const path = pathOf(this.dir, segment);
    const bytes = await endOfRecords(this.files, path, successor.first);
    const hash = await hashOf(this.files, path, newest?.hash ?? chain.begin.hash, bytes, async () => {
      if (this.stopped) throw new StoreClosedError();
      await pause();
    });
    if (hash === undefined) throw new RangeError(`${segment.name} became shorter while it was read.`);
    await this.write({ ...chain, segments: [...chain.segments, { first: segment.first, bytes, hash }] });
    return true;
  }

  /** What a link covers must not be lost by a power cut that leaves the link. */
  private async settle({ name, plain }: SegmentFile): Promise<void> {
    if (plain) {
      const fd = this.files.openSync(join(this.dir, name), 'append');
      try {
        await this.files.fsync(fd);
      } finally {
        this.files.closeSync(fd);
      }
    }
    await this.files.syncDir(this.dir);
  }

  private async write(chain: ChainFile): Promise<ChainFile> {
    await writeFileAtomic(this.files, join(this.dir, NAME), textOf(chain), { sync: true });
    this.chain = chain;
    return chain;
  }
}

/** A chain that does not fit, or cannot be read, is kept for a person to look at: the next owner begins a new one. */
export async function setChainAside(files: Files, dir: string): Promise<void> {
  const names = new Set(files.readdirSync(dir).map(({ name }) => name));
  let n = 1;
  while (names.has(`${NAME}.${n}.bad`)) n++;
  await renameBusy(files, join(dir, NAME), join(dir, `${NAME}.${n}.bad`));
}

/** The plain file counts where both are there. */
export function pathOf(dir: string, { name, plain }: SegmentFile): string {
  return join(dir, plain ? name : `${name}.gz`);
}

/** The link of a segment; undefined: the file is shorter than that. */
export async function hashOf(
  files: Files,
  path: string,
  before: string,
  bytes: number,
  pause: () => Promise<void> = async () => {},
): Promise<string | undefined> {
  const hash = createHash('sha256').update(before);
  let left = bytes;
  for await (const chunk of readChunks(files, path, { reuse: true })) {
    const part = chunk.subarray(0, left);
    hash.update(part);
    left -= part.length;
    if (left === 0) break;
    await pause();
  }
  return left > 0 ? undefined : hash.digest('hex');
}

/** Where the last record with a number below `limit` ends. */
async function endOfRecords(files: Files, path: string, limit: number): Promise<number> {
  let end = 0;
  if (path.endsWith('.gz')) {
    const decoder = new LineDecoder();
    for await (const chunk of readChunks(files, path)) end = Math.max(end, endIn(decoder.push(chunk), limit));
    return end;
  }
  const fd = files.openSync(path, 'read');
  try {
    const { size } = files.fstatSync(fd);
    for (let window = TAIL; end === 0; window *= 8) {
      const start = Math.max(0, size - window);
      end = endIn(new LineDecoder(start).push(await readFrom(files, fd, start, size - start)), limit);
      if (start === 0) break;
    }
  } finally {
    files.closeSync(fd);
  }
  return end;
}

async function readFrom(files: Files, fd: number, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const read = await files.read(fd, bytes, done, length - done, start + done);
    if (read === 0) return bytes.subarray(0, done);
    done += read;
  }
  return bytes;
}

/** Of the last of these lines that is the header, or a record below `limit`; 0: there is none. */
function endIn(items: (Line | Damage)[], limit: number): number {
  const last = items.findLast(
    (item): item is Line =>
      item.kind === 'line' &&
      (item.meta.op === 'segment' || (typeof item.meta.seq === 'number' && item.meta.seq < limit)),
  );
  return last ? last.offset + last.length : 0;
}

/** A line for each segment, to be read by people as well. */
function textOf({ format, begin, segments }: ChainFile): string {
  const links = segments.map((link) => `\n    ${JSON.stringify(link)}`).join(',');
  const end = segments.length > 0 ? '\n  ]' : ']';
  return `{\n  "format": ${format},\n  "begin": ${JSON.stringify(begin)},\n  "segments": [${links}${end}\n}\n`;
}

function isChain(value: unknown): value is ChainFile {
  const { format, begin, segments } = Object(value) as Partial<ChainFile>;
  const isAt = ({ first, hash }: { first?: unknown; hash?: unknown } = {}): boolean =>
    Number.isInteger(first) && typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash);
  return (
    format === CHAIN_FORMAT &&
    isAt(begin) &&
    Array.isArray(segments) &&
    segments.every((link) => isAt(Object(link)) && Number.isInteger(link.bytes))
  );
}

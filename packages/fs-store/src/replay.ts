/**
 * Reading a journal back: every record from a number on, in order, and an account of everything that is not as it was written.
 *
 * @module
 */
import { join } from 'node:path';
import { type Line, LineDecoder, type ParseMeta } from './codec';
import type { Files } from './files';
import { ReadPatience } from './read-patience';
import { isDamage, isWhole, listSegments, readChunks, type SegmentFile } from './segment';
import { type Finding, SegmentReader, syncedOf } from './segment-reader';

/** Whole batches of one segment. */
export interface ReplayedLines {
  /** The name that `append` gave. */
  segment: string;
  /** The segment is compressed: `readBody` cannot read from it, so what is needed later must be kept (`bodyOf`). */
  packed: boolean;
  lines: Line[];
}

/** Where a journal ends. */
export interface JournalEnd {
  /** The number that the next record gets. */
  next: number;
  /** The newest owner that made a segment; 0: none. */
  epoch: number;
  /** The last segment, up to its last whole batch; `null` when the next record needs a new one. */
  tail: { segment: string; end: number } | null;
  /** Names of segments that do not count: the one in front of them lost its end in a power cut. */
  givenUp: string[];
}

/**
 * The records from number `from` on (all by default).
 *
 * @example
 * const replay = new Replay(nodeFiles, dir, 4711);
 * for await (const { segment, lines } of replay) for (const line of lines) apply(segment, line);
 * report(replay.findings);
 * const journal = await Journal.open(nodeFiles, dir, { ...options, ...replay.end, epoch: replay.end.epoch + 1 });
 */
export class Replay implements AsyncIterable<ReplayedLines> {
  /** Complete when the iteration is. */
  readonly findings: Finding[] = [];
  /** Right when the iteration is complete. */
  readonly end: JournalEnd;

  readonly #files: Files;
  readonly #dir: string;
  readonly #from: number;
  readonly #seen: number;
  readonly #vouched: number;
  readonly #patience: ReadPatience;
  readonly #parse: ParseMeta | undefined;

  /**
   * `seen`: number of the newest record that the snapshot in front of `from` has seen. `vouched`: of the newest one that any snapshot says
   * was there, a damaged one too. `parse`: for who does not need all of each meta.
   */
  constructor(
    files: Files,
    dir: string,
    from = 1,
    seen = from - 1,
    vouched = seen,
    patience = new ReadPatience(),
    parse?: ParseMeta,
  ) {
    this.#patience = patience;
    this.#parse = parse;
    this.#files = files;
    this.#dir = dir;
    this.#from = from;
    this.#seen = seen;
    this.#vouched = Math.max(seen, vouched);
    this.end = { next: from, epoch: 0, tail: null, givenUp: [] };
  }

  /**
   * Reads all, once, in slices that leave the event loop free.
   * @throws StoreFormatError when a newer version wrote a segment; what the file system throws, apart from EIO that comes again and again
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReplayedLines> {
    const all = listSegments(this.#files, this.#dir);
    const segments = all.slice(
      Math.max(
        0,
        all.findLastIndex(({ first }) => first <= this.#from),
      ),
    );
    // The segment that holds `from` is checked from its start; what should stand between `from` and a later one is missing.
    let next = Math.min(this.#from, segments[0]?.first ?? this.#from);
    if (await this.#hasLostItsHead(segments)) {
      this.#giveUp(segments, next);
      return;
    }
    for (const [i, segment] of segments.entries()) {
      const packed = await this.#isPacked(segment);
      const limit = segments[i + 1]?.first ?? null;
      const place = { name: segment.name, first: segment.first, limit, from: this.#from, seen: this.#seen };
      const reader = new SegmentReader(place, next, this.#parse);
      const rest = segments.slice(i + 1);
      for await (const lines of this.#read(
        reader,
        join(this.#dir, packed ? `${segment.name}.gz` : segment.name),
        rest,
      )) {
        yield { segment: segment.name, packed, lines };
      }
      next = reader.next;
      this.findings.push(...reader.findings);
      this.end.epoch = Math.max(this.end.epoch, reader.epoch);
      const resumable = limit === null && !packed && reader.resumable;
      this.end.tail = resumable ? { segment: segment.name, end: reader.goodEnd } : null;
      if (limit === null || reader.doubt === undefined) continue;
      this.#giveUp(rest, next);
      break;
    }
    this.end.next = Math.max(next, this.#from);
    // Records are missing at the end: the segment that shows it is not gone on with.
    if (this.end.next > next) this.end.tail = null;
  }

  /** In front of the first segment others are missing, and nothing says that they ever were on the device: their names never reached it. */
  async #hasLostItsHead(segments: SegmentFile[]): Promise<boolean> {
    const needed = (segments[0]?.first ?? 0) - 1;
    return needed > this.#vouched && (await this.#provenBy(segments, needed)) === 0;
  }

  #giveUp([behind, ...more]: SegmentFile[], next: number): void {
    if (!behind) return;
    this.end.givenUp = [behind, ...more].map(({ name }) => name);
    const message = `the records from ${next} on never reached the disk, so what stands here may never have been acknowledged`;
    this.findings.push({ kind: 'torn-tail', segment: behind.name, from: 0, to: 0, message });
  }

  async *#read(reader: SegmentReader, path: string, behind: SegmentFile[]): AsyncGenerator<Line[]> {
    let rest: Line[];
    try {
      for await (const chunk of readChunks(this.#files, path, { patience: this.#patience })) {
        const lines = reader.push(chunk);
        if (lines.length > 0) yield lines;
        if (reader.done) break;
      }
      if (reader.doubt !== undefined) {
        const lines = reader.vouch(await this.#provenBy(behind, reader.doubt));
        if (lines.length > 0) yield lines;
      }
      rest = reader.end(behind.length === 0 || reader.doubt !== undefined);
    } catch (error) {
      if (!isDamage(error)) throw error;
      rest = reader.fail(error);
    }
    if (rest.length > 0) yield rest;
  }

  /** The first number from `needed` on up to which these segments say that the journal was on the device; 0: none of them does. */
  async #provenBy(segments: SegmentFile[], needed: number): Promise<number> {
    for (const segment of segments) {
      const decoder = new LineDecoder();
      const name = (await this.#isPacked(segment)) ? `${segment.name}.gz` : segment.name;
      try {
        for await (const chunk of readChunks(this.#files, join(this.#dir, name), { patience: this.#patience })) {
          for (const item of decoder.push(chunk)) {
            const synced = item.kind === 'line' ? syncedOf(item) : 0;
            if (synced >= needed) return synced;
          }
        }
      } catch (error) {
        if (!isDamage(error)) throw error;
      }
    }
    return 0;
  }

  /** The plain file counts, unless it is damaged and a compression finished before. */
  async #isPacked({ name, plain, gz }: SegmentFile): Promise<boolean> {
    if (!plain || !gz) return gz;
    const path = join(this.#dir, name);
    return !(await isWhole(this.#files, path)) && (await isWhole(this.#files, `${path}.gz`));
  }
}

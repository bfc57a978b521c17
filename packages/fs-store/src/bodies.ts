/**
 * Where the JSON texts of jobs are: the newest in memory, the rest on disk where the journal or a snapshot put them.
 *
 * @module
 */
import type { BodySource, Entry } from '@leviathan/core/engine';

/** A text on disk. */
export interface DiskRef {
  /** Name of the file in the journal's folder. */
  readonly file: string;
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** Reads bytes of a file in the journal's folder. */
export type ReadBody = (file: string, offset: number, length: number) => string;

interface Cached {
  entry: Entry;
  ref: DiskRef;
  size: number;
}

/** Keeps at most so many characters of texts in memory; the oldest go first, since they are on disk as well. */
export class BodyCache implements BodySource {
  private queue: Cached[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    private readonly readBody: ReadBody,
    private readonly limit: number,
  ) {}

  read(ref: object): string {
    const { file, offset, length } = ref as DiskRef;
    return this.readBody(file, offset, length);
  }

  /** The entry's data was just written at `ref`; it may leave memory from now on. */
  keepData(entry: Entry, ref: DiskRef): void {
    entry.dataRef = ref;
    this.keep(entry, ref, entry.data?.length ?? 0);
  }

  /** The same for its result. */
  keepResult(entry: Entry, ref: DiskRef): void {
    entry.resultRef = ref;
    this.keep(entry, ref, entry.result?.length ?? 0);
  }

  private keep(entry: Entry, ref: DiskRef, size: number): void {
    this.queue.push({ entry, ref, size });
    this.bytes += size;
    while (this.bytes > this.limit && this.head < this.queue.length) this.evict(this.queue[this.head++] as Cached);
    if (this.head > 10_000 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private evict({ entry, ref, size }: Cached): void {
    this.bytes -= size;
    // Only what still stands there: an edit has put newer data into memory, with a place of its own.
    if (entry.dataRef === ref) entry.data = undefined;
    else if (entry.resultRef === ref) entry.result = undefined;
  }
}

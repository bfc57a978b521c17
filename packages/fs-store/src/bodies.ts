/**
 * Where the JSON texts of jobs are: the newest in memory, the rest on disk where the journal or a snapshot put them.
 *
 * @module
 */
import type { BodySource, Entry } from '@leviathan/core/engine';

/** Reads bytes of a file in the journal's folder, by its name. */
export type ReadBody = (file: string, offset: number, length: number) => string;

interface Cached {
  entry: Entry;
  text: string;
}

/** What a cached text costs besides its characters: the objects that hold it. */
const OVERHEAD = 128;

/** Keeps at most so many bytes of texts in memory; the oldest go first, since they are on disk as well. */
export class BodyCache implements BodySource {
  private queue: Cached[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    readonly read: ReadBody,
    private readonly limit: number,
    /** Whether a job that is added now will wait for long: its data need not be in memory. */
    private readonly isLongWait: () => boolean = () => false,
  ) {}

  /** The entry's data was just written there; it may leave memory from now on. */
  keepData(entry: Entry, file: string, offset: number, length: number): void {
    entry.setDataPlace(file, offset, length);
    if (entry.data === undefined) return;
    if (this.isLongWait()) entry.data = undefined;
    else this.keep({ entry, text: entry.data });
  }

  /** The same for its result. */
  keepResult(entry: Entry, file: string, offset: number, length: number): void {
    entry.setResultPlace(file, offset, length);
    if (entry.result !== undefined) this.keep({ entry, text: entry.result });
  }

  private keep(cached: Cached): void {
    this.queue.push(cached);
    this.bytes += cached.text.length + OVERHEAD;
    while (this.bytes > this.limit && this.head < this.queue.length) this.evict(this.queue[this.head++] as Cached);
    if (this.head > 10_000 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
  }

  private evict({ entry, text }: Cached): void {
    this.bytes -= text.length + OVERHEAD;
    // An edit may have put newer data into memory: that has a place in the queue of its own.
    if (entry.data === text && entry.dataFile !== undefined) entry.data = undefined;
    else if (entry.result === text && entry.run?.resultFile !== undefined) entry.result = undefined;
  }
}

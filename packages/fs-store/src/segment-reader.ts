/**
 * One segment read back: which of its records count, and what is wrong with it.
 *
 * @module
 */
import { type Damage, type Line, LineDecoder, type ParseMeta } from './codec';
import { readHeader } from './segment';

/**
 * What can be wrong.
 *
 * - `torn-tail`: the end of the journal is not whole, or blocks in front of it were never written. A crash leaves this; nothing that was
 *   acknowledged is in it.
 * - `incomplete-batch`: the last batch lacks its end, so it counts as never written. A crash leaves this too.
 * - `corrupt`: bytes in front of whole records are no record.
 * - `missing`: the numbers of the records leave some out.
 * - `duplicate`: a record with a number that came before; it was left out.
 * - `bad-header`: a segment does not start with its header.
 * - `unreadable`: an I/O error, or a compressed segment that does not unpack.
 */
export type FindingKind =
  | 'torn-tail'
  | 'incomplete-batch'
  | 'corrupt'
  | 'missing'
  | 'duplicate'
  | 'bad-header'
  | 'unreadable';

/** Something in a journal that is not as it was written. */
export interface Finding {
  kind: FindingKind;
  /** Name of the file. */
  segment: string;
  /** The first byte, and the first one behind; equal where something is absent. Of a compressed segment: unpacked. */
  from: number;
  to: number;
  message: string;
}

/** Where a segment stands in its journal. */
export interface SegmentPlace {
  name: string;
  /** Number of its first record. */
  first: number;
  /** Number of its successor's first record: what it holds from there on was given up. `null`: it is the last. */
  limit: number | null;
  /** The records that are asked for start here. */
  from: number;
  /** A snapshot has seen what came up to here, so that its absence is no news. */
  seen: number;
}

/** Takes the bytes of a segment and gives the lines of its whole batches. */
export class SegmentReader {
  readonly findings: Finding[] = [];
  /** Number that the next record must have. */
  next: number;
  epoch = 0;
  /** Where the last whole batch ends. */
  goodEnd = 0;
  /**
   * Whether more may be appended behind `goodEnd`. Not to a damaged segment: once a snapshot makes it superfluous, its damage is not read
   * and reported any more.
   */
  resumable = false;
  /** The rest is of no use. */
  done = false;

  readonly #place: SegmentPlace;
  readonly #decoder: LineDecoder;
  /** Records up to here were on the device at some time, as a snapshot or a later line says. */
  #proven: number;
  /** A hole that a crash may have left, and what stands behind it: nothing of it counts until a line proves that the hole was none. */
  #doubted: (Line | Damage)[] = [];
  /** The batch whose last record has not come yet. */
  #held: Line[] = [];
  #bytes = 0;

  /** `next`: the number behind the last record of the segments before. `parse`: may leave out what the caller does not need, but not the numbers. */
  constructor(place: SegmentPlace, next: number, parse?: ParseMeta) {
    this.#place = place;
    this.#decoder = new LineDecoder(0, parse);
    this.#proven = place.from - 1;
    this.next = Math.max(next, place.first);
    if (next < place.first) this.#missing(next, place.first, 0);
  }

  push(chunk: Buffer): Line[] {
    const whole: Line[] = [];
    this.#bytes += chunk.length;
    for (const item of this.#decoder.push(chunk)) {
      if (this.done) break;
      this.#take(item, whole);
    }
    return whole;
  }

  /**
   * Number of a record that is missing, if what follows counts only when that record was on the device once (see {@link vouch}):
   * behind a hole the last one that it took, and in the next segments, when this one ends too early, the first.
   */
  get doubt(): number | undefined {
    const { limit, seen } = this.#place;
    if (this.done) return undefined;
    if (this.#doubted.length > 0) return this.#isProven() ? undefined : this.#needed;
    if (limit === null || limit <= seen + 1) return undefined;
    const missing = Math.max(this.next, this.#proven + 1);
    return missing < limit ? missing : undefined;
  }

  /** Records up to this number were on the device. Gives the lines that count now. */
  vouch(synced: number): Line[] {
    const whole: Line[] = [];
    this.#proven = Math.max(this.#proven, synced);
    this.#settleDoubt(whole);
    return whole;
  }

  /** The segment ends here, and with `last` the journal. */
  end(last: boolean): Line[] {
    const whole: Line[] = [];
    if (this.done) return whole;
    this.#settleDoubt(whole);
    if (this.#doubted.length > 0) this.#giveUp();
    if (this.#bytes === 0) this.#find(last ? 'torn-tail' : 'bad-header', 0, 0, 'the segment is empty');
    for (const damage of this.#decoder.end()) {
      if (last) this.#find('torn-tail', damage.from, damage.to, damage.reason);
      else this.#damage(damage, whole);
    }
    const [first] = this.#held;
    if (first && last) {
      const end = this.#held.at(-1) as Line;
      this.next = first.meta.seq as number;
      this.#find(
        'incomplete-batch',
        first.offset,
        end.offset + end.length,
        `the batch from record ${this.next} on has no end`,
      );
      this.#held = [];
    }
    this.#release(whole);
    return whole;
  }

  /** The segment cannot be read any further. */
  fail(error: unknown): Line[] {
    const message = error instanceof Error ? error.message : String(error);
    this.#find('unreadable', this.#bytes, this.#bytes, `the segment cannot be read from here on: ${message}`);
    // A crash does not do that: what is missing is damage.
    return [...this.vouch(Number.MAX_SAFE_INTEGER), ...this.end(this.#place.limit === null)];
  }

  /**
   * In which order blocks reach the device is nobody's promise before a sync, so behind a hole may stand records that nobody was
   * told of, without those in front of them: a complete without its start, the end of a batch without its middle. They count only if the
   * hole is damage, that is if what stood there had been on the device once.
   */
  #take(item: Line | Damage, whole: Line[]): void {
    const { limit } = this.#place;
    if (item.kind === 'line') this.#proven = Math.max(this.#proven, syncedOf(item));
    const isHole = item.kind !== 'line' && item.hole === true && !(limit !== null && this.next >= limit);
    if (this.#doubted.length > 0 || isHole) {
      this.#doubted.push(item);
      // How much a hole took is not known before.
      if (item.kind === 'line') this.#settleDoubt(whole);
    } else this.#accept(item, whole);
  }

  #accept(item: Line | Damage, whole: Line[]): void {
    if (item.kind === 'line') this.#line(item, whole);
    else this.#damage(item, whole);
  }

  /** The hole counts as damage once all that it took is known to have been on the device, and what stands behind counts. */
  #settleDoubt(whole: Line[]): void {
    if (this.#doubted.length === 0 || !this.#isProven()) return;
    const [hole, ...behind] = this.#doubted.splice(0);
    this.#accept(hole as Damage, whole);
    for (const item of behind) this.#take(item, whole);
  }

  #isProven(): boolean {
    return this.#needed <= this.#proven;
  }

  /** The last record that the hole took, as far as that is known: the record behind it tells. */
  get #needed(): number {
    const behind = this.#doubted.find((item) => item.kind === 'line' && typeof item.meta.seq === 'number') as Line;
    const last = behind ? (behind.meta.seq as number) - 1 : this.next;
    return Math.max(this.next, Math.min(last, (this.#place.limit ?? Number.POSITIVE_INFINITY) - 1));
  }

  /** Nothing proved it. The bytes stay where they are, for a person to look at: the journal goes on in another segment. */
  #giveUp(): void {
    const { from, reason } = this.#doubted[0] as Damage;
    this.#doubted = [];
    this.#find('torn-tail', from, this.#bytes, `${reason}; what stands behind may never have been acknowledged`);
    this.resumable = false;
    if (this.next > this.#proven) return;
    // It began in what had been on the device.
    if (this.#proven >= this.#place.from) this.#missing(Math.max(this.next, this.#place.from), this.#proven + 1, from);
    this.next = this.#proven + 1;
  }

  #line(line: Line, whole: Line[]): void {
    const end = line.offset + line.length;
    if (line.offset === 0) {
      const header = readHeader(line);
      if (header?.first === this.#place.first) {
        this.epoch = header.epoch;
        this.goodEnd = end;
        this.resumable = true;
        return;
      }
      this.#find('bad-header', 0, end, 'the first line is not the header of this segment');
    }
    const { seq, more } = line.meta;
    if (typeof seq !== 'number' || !Number.isInteger(seq)) {
      if (line.offset > 0) this.#find('corrupt', line.offset, end, 'the line is whole, but has no number');
    } else if (this.#place.limit !== null && seq >= this.#place.limit) {
      this.done = true;
      this.#release(whole);
    } else if (seq < this.next) {
      this.#find('duplicate', line.offset, end, `record ${seq} comes again`);
    } else {
      if (seq > this.next) {
        this.#release(whole);
        this.#missing(this.next, seq, line.offset);
      }
      this.next = seq + 1;
      this.#held.push(line);
      if (more) return;
      this.#release(whole);
      this.goodEnd = end;
    }
  }

  #damage({ from, to, reason }: Damage, whole: Line[]): void {
    if (this.#place.limit !== null && this.next >= this.#place.limit) {
      // Nothing that counts comes any more: this is where a failed write was given up.
      this.done = true;
      return;
    }
    this.#find(from === 0 ? 'bad-header' : 'corrupt', from, to, reason);
    // The journal goes on behind the hole, so what stands in front of it was written as a whole once.
    this.#release(whole);
  }

  #release(whole: Line[]): void {
    for (const line of this.#held) if ((line.meta.seq as number) >= this.#place.from) whole.push(line);
    this.#held = [];
  }

  #missing(first: number, behind: number, at: number): void {
    const which = behind - first === 1 ? `record ${first} is` : `records ${first} to ${behind - 1} are`;
    this.#find('missing', at, at, `${which} missing`);
  }

  #find(kind: FindingKind, from: number, to: number, message: string): void {
    if (kind !== 'torn-tail' && kind !== 'incomplete-batch') this.resumable = false;
    const last = this.findings.at(-1);
    // A copied stretch of the file is one finding, not one for each of its records.
    if (kind === 'duplicate' && last?.kind === kind && last.to === from) last.to = to;
    else this.findings.push({ kind, segment: this.#place.name, from, to, message });
  }
}

/** Up to which record the journal was on the device when the line was written, as it says; 0: it does not say. */
export function syncedOf(line: Line): number {
  const header = line.offset === 0 ? readHeader(line) : null;
  if (header) return header.sealed ? header.first - 1 : 0;
  return typeof line.meta.synced === 'number' ? line.meta.synced : 0;
}

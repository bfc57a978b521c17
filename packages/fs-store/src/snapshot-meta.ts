/**
 * The metas of a snapshot. Of a million jobs that wait thousands were added together, with the same options: their lines differ in numbers and
 * the id, so that what stands behind the id needs to be parsed once for all of them.
 *
 * @module
 */
import { type ParseMeta, parseMeta } from './codec';

/** What stands around the numbers and the id of a job's line, as the writer of snapshots puts it. */
const BEFORE_SEQ = Buffer.from('{"op":"job","seq":');
const BEFORE_LAST = Buffer.from(',"last":');
const BEFORE_SIZE = Buffer.from(',"size":');
const BEFORE_ID = Buffer.from(',"job":{"id":"');

const [QUOTE, BACKSLASH, ZERO, NINE] = [0x22, 0x5c, 0x30, 0x39];

/** Options that hold objects or lists are one job's own. */
const NESTED = /[[{]/;

/** A parser for the lines of one snapshot. It gives what `JSON.parse` gives. */
export function snapshotMetaParser(): ParseMeta {
  const head = new HeadReader();
  let tail = Buffer.alloc(0);
  let options: object = {};
  return (source, start, end) => {
    if (!head.read(source, start, end)) return parseMeta(source, start, end);
    const { seq, last, size, idStart, idEnd } = head;
    const isSameTail =
      end - idEnd === tail.length && tail.length > 0 && tail.compare(source, idEnd, end, 0, tail.length) === 0;
    if (isSameTail) {
      // Of its own: a piece of a longer string would keep all of it in memory.
      const id = source.toString('latin1', idStart, idEnd);
      return { op: 'job', seq, last, size, job: { id, ...options } };
    }
    const meta = parseMeta(source, start, end);
    if (meta && !NESTED.test(source.toString('latin1', idEnd, end))) {
      tail = Buffer.from(source.subarray(idEnd, end));
      const { id: _id, ...others } = meta.job as { id: string };
      options = others;
    }
    return meta;
  };
}

/** Reads the numbers of a line and finds its id, as long as they look as usual. */
class HeadReader {
  seq = 0;
  last = 0;
  size = 0;
  /** The id's first byte, and the quote behind it. */
  idStart = 0;
  idEnd = 0;
  #at = 0;

  read(source: Buffer, start: number, end: number): boolean {
    this.#at = start;
    if (!this.#passes(source, BEFORE_SEQ)) return false;
    this.seq = this.#number(source);
    if (!this.#passes(source, BEFORE_LAST)) return false;
    this.last = this.#number(source);
    if (!this.#passes(source, BEFORE_SIZE)) return false;
    this.size = this.#number(source);
    if (!this.#passes(source, BEFORE_ID)) return false;
    this.idStart = this.#at;
    this.idEnd = this.#endOfText(source, end);
    return this.idEnd < end && this.seq >= 0 && this.last >= 0 && this.size >= 0;
  }

  #passes(source: Buffer, text: Buffer): boolean {
    const { length } = text;
    for (let i = 0; i < length; i++) if (source[this.#at + i] !== text[i]) return false;
    this.#at += length;
    return true;
  }

  /** A number without sign, fraction and exponent; -1: it is written in another way. */
  #number(source: Buffer): number {
    const start = this.#at;
    let value = 0;
    let at = start;
    for (let byte = source[at] as number; byte >= ZERO && byte <= NINE; byte = source[++at] as number) {
      value = value * 10 + (byte - ZERO);
    }
    this.#at = at;
    const isPlain = at - start === 1 || (at > start && source[start] !== ZERO);
    return isPlain && value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }

  /** Where the quote stands that ends the text; `end`: it is not of ASCII alone, or has no end. */
  #endOfText(source: Buffer, end: number): number {
    for (let at = this.#at; at < end; at++) {
      const byte = source[at] as number;
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH || byte >= 0x80) return end;
    }
    return end;
  }
}

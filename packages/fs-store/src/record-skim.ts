/**
 * Metas of records, read for the sake of a few jobs: of all others only the numbers and the id, which is a third of the work.
 *
 * @module
 */
import { type ParseMeta, parseMeta } from './codec';

/** How `RecordEncoder` and `metaOf` begin a line that says nothing of the device. */
const BEFORE_SEQ = Buffer.from('{"seq":');
const BEFORE_AT = Buffer.from(',"at":');
const MORE = Buffer.from(',"more":1');
const BEFORE_OP = Buffer.from(',"op":"');
const BEFORE_ID = [Buffer.from(',"id":"'), Buffer.from(',"job":{"id":"')];

const [QUOTE, ZERO, NINE] = [0x22, 0x30, 0x39];

/** A parser that gives whole metas for these jobs, and of the others at least what tells that they are others. */
export function skimAbout(ids: ReadonlySet<string>): ParseMeta {
  const reader = new Skimmer();
  return (source, start, end) => {
    if (!reader.read(source, start, end) || ids.has(reader.id)) return parseMeta(source, start, end);
    const { seq, at, more, id } = reader;
    return more ? { seq, at, more: 1, id } : { seq, at, id };
  };
}

/** Reads the beginning of a meta, as long as it looks as usual. */
class Skimmer {
  seq = 0;
  at = 0;
  more = false;
  id = '';
  #place = 0;

  read(source: Buffer, start: number, end: number): boolean {
    this.#place = start;
    if (!this.#passes(source, BEFORE_SEQ)) return false;
    this.seq = this.#number(source);
    if (!this.#passes(source, BEFORE_AT)) return false;
    this.at = this.#number(source);
    this.more = this.#passes(source, MORE);
    if (this.seq < 0 || this.at < 0 || !this.#passes(source, BEFORE_OP)) return false;
    if (this.#text(source, end) === undefined || !BEFORE_ID.some((text) => this.#passes(source, text))) return false;
    const id = this.#text(source, end);
    this.id = id ?? '';
    return id !== undefined;
  }

  #passes(source: Buffer, text: Buffer): boolean {
    const { length } = text;
    for (let i = 0; i < length; i++) if (source[this.#place + i] !== text[i]) return false;
    this.#place += length;
    return true;
  }

  /** Digits alone; -1: it is written in another way. */
  #number(source: Buffer): number {
    const from = this.#place;
    let value = 0;
    for (let byte = source[this.#place] as number; byte >= ZERO && byte <= NINE; byte = source[this.#place] as number) {
      value = value * 10 + (byte - ZERO);
      this.#place++;
    }
    return this.#place > from && value <= Number.MAX_SAFE_INTEGER ? value : -1;
  }

  /** Up to the quote, which is passed. Ids and ops are plain ASCII: what is not is not found among the wanted ones, and is read whole. */
  #text(source: Buffer, end: number): string | undefined {
    const from = this.#place;
    const quote = source.indexOf(QUOTE, from);
    if (quote < 0 || quote >= end) return undefined;
    this.#place = quote + 1;
    return source.toString('latin1', from, quote);
  }
}

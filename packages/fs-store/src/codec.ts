/**
 * A journal line: `<crc32, 8 hex digits>\t<meta JSON>\t<body JSON or nothing>\n`, in UTF-8.
 *
 * The checksum (zlib's CRC-32) covers what stands between the first tab and the newline. JSON text holds no raw tab,
 * newline or NUL, so a reader finds its way by these bytes alone, `cut -f2 | jq` included, and a payload is never parsed
 * only to step over it.
 *
 * @module
 */
import { crc32Of } from './crc32';

const TAB = 9;
const NEWLINE = 10;
/** The checksum and its tab. */
const PREFIX = 9;

const HEX_DIGITS = Buffer.from('0123456789abcdef');
const NO_CHECKSUM = '00000000\t';
const KEPT_CAPACITY = 1 << 20;
const RAW = 'A journal line takes JSON as JSON.stringify writes it: no raw newline, no raw tab in the meta.';
const HEAD = Buffer.from(`${NO_CHECKSUM}{"seq":`);
/** Of the largest integer that a number holds exactly. */
const MAX_DIGITS = 16;

/**
 * Collects the lines of a batch in one buffer.
 *
 * @example
 * const encoder = new LineEncoder();
 * encoder.add('{"seq":7,"op":"add"}', '{"url":"https://example.org"}');
 * const { segment, offset } = journal.append({ lines: encoder.bytes(), first: 7, last: 7 });
 * const body = journal.readBody(segment, offset + encoder.bodyStart, encoder.bodyLength);
 */
export class LineEncoder {
  /** Where the body of the newest line stands, and how many bytes it has. */
  bodyStart = 0;
  bodyLength = 0;
  #buffer = Buffer.allocUnsafeSlow(1 << 16);
  #end = 0;

  /** Bytes collected so far. */
  get size(): number {
    return this.#end;
  }

  /**
   * Adds a line. Both parts are JSON text as `JSON.stringify` writes it (`meta` an object).
   * Throws a `TypeError`, and adds nothing, when there is a raw newline in either, or a raw tab in `meta`.
   */
  add(meta: string, body = ''): void {
    // One text and one write: crossing over to native code costs more than the copy.
    const line = `${NO_CHECKSUM}${meta}\t${body}\n`;
    const separator = PREFIX + meta.length;
    // A line that reads back as two would pass for damage later, when the job that it held is long acknowledged.
    if (line.indexOf('\n') !== line.length - 1 || line.indexOf('\t', PREFIX) !== separator) {
      throw new TypeError(RAW);
    }
    this.#reserve(room(line));
    const buffer = this.#buffer;
    const offset = this.#end;
    const length = buffer.write(line, offset);
    this.#end = offset + length;
    writeHex(buffer, offset, crc32Of(buffer, offset + PREFIX, this.#end - 1));
    // Where each character is one byte, which is nearly always, places in the text are places in the bytes.
    const bodyOffset = length === line.length ? separator + 1 : PREFIX + Buffer.byteLength(meta) + 1;
    this.bodyStart = offset + bodyOffset;
    this.bodyLength = length - bodyOffset - 1;
  }

  /**
   * Adds the line of a record: its meta is `{"seq":`, the number, and the three parts, of which those that are the same in many lines are
   * bytes already. Writing the rest byte by byte takes two thirds of the time of {@link LineEncoder.add}, and leaves no texts behind.
   *
   * @param seq An integer of 0 or more.
   * @param id ASCII without control characters.
   * Throws a `TypeError`, and adds nothing, when there is a raw newline in the body.
   */
  addRecord(seq: number, before: Uint8Array, id: string, after: Uint8Array, body: string): void {
    if (body !== '' && body.indexOf('\n') >= 0) throw new TypeError(RAW);
    const start = this.#end;
    this.#reserve(HEAD.length + MAX_DIGITS + before.length + id.length + after.length + 2 + room(body));
    const buffer = this.#buffer;
    buffer.set(HEAD, start);
    let end = writeDigits(buffer, start + HEAD.length, seq);
    buffer.set(before, end);
    end += before.length;
    end += buffer.write(id, end, 'latin1');
    buffer.set(after, end);
    end += after.length;
    buffer[end++] = TAB;
    this.bodyStart = end;
    this.bodyLength = body === '' ? 0 : buffer.write(body, end);
    end += this.bodyLength;
    buffer[end++] = NEWLINE;
    this.#end = end;
    writeHex(buffer, start, crc32Of(buffer, start + PREFIX, end - 1));
  }

  /** The lines collected: a view of the encoder's own memory, good until the next call of any other method. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  /** The lines collected, as bytes of the caller's own; the encoder is empty again. */
  take(): Buffer {
    const lines = Buffer.from(this.bytes());
    this.clear();
    return lines;
  }

  /** Forgets the lines collected. */
  clear(): void {
    this.#end = 0;
    if (this.#buffer.length > KEPT_CAPACITY) this.#buffer = Buffer.allocUnsafeSlow(1 << 16);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** Bytes that the text can take at most: counting them exactly costs more than it saves while the text is small. */
function room(text: string): number {
  return text.length < 1 << 14 ? text.length * 3 : Buffer.byteLength(text);
}

/** Returns the index behind. */
function writeDigits(buffer: Buffer, at: number, value: number): number {
  let end = at + 1;
  for (let limit = 10; value >= limit; limit *= 10) end++;
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    buffer[i] = 48 + (rest - tenth * 10);
    rest = tenth;
  }
  return end;
}

function writeHex(buffer: Buffer, at: number, value: number): void {
  for (let i = 0; i < 8; i++) buffer[at + i] = HEX_DIGITS[(value >>> (28 - 4 * i)) & 15] as number;
}

/** A whole line, its checksum proven. Offsets count from the start of the file. */
export interface Line {
  kind: 'line';
  meta: Record<string, unknown>;
  offset: number;
  /** The newline included. */
  length: number;
  metaStart: number;
  bodyStart: number;
  /** In bytes; 0: no body. */
  bodyLength: number;
  /** Bytes that hold the line, from `sourceStart` on; see {@link bodyOf}. Keeping the line keeps them in memory. */
  source: Buffer;
  sourceStart: number;
}

/** Bytes that are no line: `torn` at the end of the file with nothing whole behind them, `corrupt` in front of whole lines. */
export interface Damage {
  kind: 'torn' | 'corrupt';
  /** Offset of the first byte, and of the first one behind. */
  from: number;
  to: number;
  /** What is wrong with the first of them. */
  reason: string;
  /** There are zeros among them, as where a crash kept blocks from being written. */
  hole?: true;
}

/** The body of a decoded line as JSON text, `''` when it has none. */
export function bodyOf(line: Line): string {
  const start = line.sourceStart + (line.bodyStart - line.offset);
  return line.source.toString('utf8', start, start + line.bodyLength);
}

/**
 * Finds the lines in a file that comes in chunks of any size. It never throws over what it reads: each byte of the file
 * belongs to a line that was returned, or to a damage that was.
 */
export class LineDecoder {
  /** The line that is not whole yet, in the pieces it came in. */
  #carry: Buffer[] = [];
  /** Where it starts in the file. */
  #offset: number;
  #damage: Damage | null = null;
  readonly #parse: ParseMeta;

  /** `offset`: where in the file the first chunk starts. */
  constructor(offset = 0, parse: ParseMeta = parseMeta) {
    this.#offset = offset;
    this.#parse = parse;
  }

  /**
   * The lines that this chunk completes, and the damage in front of them. The lines refer to the chunk: do not use it again before
   * {@link letGo}.
   */
  push(chunk: Buffer): (Line | Damage)[] {
    const found: (Line | Damage)[] = [];
    let start = 0;
    let end = chunk.indexOf(NEWLINE);
    if (end >= 0 && this.#carry.length > 0) {
      const whole = Buffer.concat([...this.#carry, chunk.subarray(0, end + 1)]);
      this.#carry = [];
      this.#take(whole, 0, whole.length - 1, found);
      start = end + 1;
      end = chunk.indexOf(NEWLINE, start);
    }
    while (end >= 0) {
      this.#take(chunk, start, end, found);
      start = end + 1;
      end = chunk.indexOf(NEWLINE, start);
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return found;
  }

  /** Nobody needs the lines of the last chunk any more: its memory may be used again. */
  letGo(): void {
    const last = this.#carry.pop();
    if (last) this.#carry.push(Buffer.from(last));
  }

  /** At the end of the file: what the last whole line leaves over, if anything. */
  end(): Damage[] {
    const left = this.#carry.reduce((bytes, part) => bytes + part.length, 0);
    if (left > 0) {
      this.#spoil(this.#offset, this.#offset + left, 'the last line has no end');
      this.#offset += left;
      this.#carry = [];
    }
    return this.#damage ? [this.#damage] : [];
  }

  /** `end` is the index of the newline. */
  #take(source: Buffer, start: number, end: number, found: (Line | Damage)[]): void {
    const offset = this.#offset;
    this.#offset += end + 1 - start;
    let line = decodeLine(source, start, end, offset, this.#parse);
    if (typeof line === 'string') {
      // A hole that was never written reads as zeros, up to the start of a line that was.
      const hole = source.subarray(start, end).lastIndexOf(0) + 1;
      const reason = hole > 0 ? 'there are zeros where a line should be' : line;
      if (hole > 0) line = decodeLine(source, start + hole, end, offset + hole, this.#parse);
      this.#spoil(offset, typeof line === 'string' ? this.#offset : offset + hole, reason, hole > 0);
      if (typeof line === 'string') return;
    }
    if (this.#damage) {
      found.push({ ...this.#damage, kind: 'corrupt' });
      this.#damage = null;
    }
    found.push(line);
  }

  #hold(piece: Buffer): void {
    const hole = piece.lastIndexOf(0) + 1;
    if (hole > 0) {
      // Nothing up to a zero can be part of a line. A tail of many megabytes of them must not pile up in memory.
      const from = this.#offset;
      this.#offset += this.#carry.reduce((bytes, part) => bytes + part.length, hole);
      this.#spoil(from, this.#offset, 'there are zeros where a line should be', true);
      this.#carry = [];
    }
    if (hole < piece.length) this.#carry.push(piece.subarray(hole));
  }

  /** Damage that nothing whole interrupts is one. */
  #spoil(from: number, to: number, reason: string, isHole = false): void {
    if (this.#damage) this.#damage.to = to;
    else this.#damage = { kind: 'torn', from, to, reason };
    if (isHole) this.#damage.hole = true;
  }
}

/** The line between two indexes of `source`, or what is wrong with it. */
function decodeLine(source: Buffer, start: number, end: number, offset: number, parse: ParseMeta): Line | string {
  const crc = end - start > PREFIX && source[start + PREFIX - 1] === TAB ? readHex(source, start) : -1;
  const separator = crc < 0 ? -1 : source.indexOf(TAB, start + PREFIX);
  if (separator < 0 || separator >= end) return 'this is not a journal line';
  if (crc32Of(source, start + PREFIX, end) !== crc) return 'the checksum does not match';
  const meta = parse(source, start + PREFIX, separator);
  if (!meta) return 'the meta of the line is not a JSON object';
  return {
    kind: 'line',
    meta,
    offset,
    length: end + 1 - start,
    metaStart: offset + PREFIX,
    bodyStart: offset + (separator + 1 - start),
    bodyLength: end - separator - 1,
    source,
    sourceStart: start,
  };
}

/** Reads the JSON object that stands there in UTF-8; null: it is none. */
export type ParseMeta = (source: Buffer, start: number, end: number) => Record<string, unknown> | null;

/** By `JSON.parse`. */
export function parseMeta(source: Buffer, start: number, end: number): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(source.toString('utf8', start, end));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const HEX_VALUES = new Int8Array(256).fill(-1);
HEX_DIGITS.forEach((digit, value) => {
  HEX_VALUES[digit] = value;
});

/** Eight lower-case hex digits, or -1. */
function readHex(source: Buffer, at: number): number {
  let value = 0;
  for (let i = at; i < at + 8; i++) {
    const digit = HEX_VALUES[source[i] as number] as number;
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value >>> 0;
}

/**
 * The portable document: jobs and definitions on their way between stores and machines.
 *
 * As NDJSON its first line is a {@link DocumentHeader}, each further one an item, `{"kind":"job",…}` or `{"kind":"template","name":…,"value":…}`.
 * As JSON it is one object: the header's fields, and `items`.
 *
 * @module
 */
import { ImportFormatError } from '../errors';
import type { Json } from '../job';
import { isObject, type JsonObject } from '../json';

/** What the header of a document says it is. */
export const DOCUMENT_FORMAT = 'leviathan-export';

/** Version of the document that this code writes, and the newest that it reads. */
export const DOCUMENT_VERSION = 1;

/** How a document is written. */
export type DocumentStyle = 'ndjson' | 'json';

/** What stands at the head of a document. */
export interface DocumentHeader {
  format: typeof DOCUMENT_FORMAT;
  version: number;
  /** When it was written: ISO 8601, UTC. */
  created: string;
  /** What it holds, in this order. */
  kinds: string[];
  /** Its jobs have their history. */
  history: boolean;
}

/** One item as it stands in a document, not checked yet. */
export interface RawItem {
  /** Its line; in a document of JSON its place in `items`, from 1. */
  line: number;
  /** Undefined: `fault` says why. */
  value?: Json;
  fault?: string;
}

/** Lines of text, without the ends of lines: of a file, a socket, a list. */
export type Lines = Iterable<string> | AsyncIterable<string>;

/** The lines of a document. */
export async function* writeDocument(
  header: DocumentHeader,
  items: AsyncIterable<JsonObject>,
  style: DocumentStyle,
): AsyncGenerator<string> {
  if (style === 'ndjson') {
    yield JSON.stringify(header);
    for await (const item of items) yield JSON.stringify(item);
    return;
  }
  yield `${JSON.stringify(header).slice(0, -1)},"items":[`;
  let last: string | undefined;
  for await (const item of items) {
    if (last !== undefined) yield `${last},`;
    last = JSON.stringify(item);
  }
  if (last !== undefined) yield last;
  yield ']}';
}

/**
 * The items of a document, NDJSON or JSON, whichever it is. A header may be missing: then each line is an item. Of NDJSON one line at a
 * time is in memory, a document of JSON is read whole.
 * @throws ImportFormatError when it is something else, or of a newer version
 */
export async function* readDocument(lines: Lines): AsyncGenerator<RawItem> {
  let number = 0;
  let isFirst = true;
  const whole: string[] = [];
  for await (const text of lines) {
    number++;
    const line = number === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (whole.length > 0) whole.push(line);
    if (whole.length > 0 || line.trim() === '') continue;
    const value = parsed(line);
    if (isFirst) {
      isFirst = false;
      // One JSON text over many lines, most likely.
      if (value === undefined) whole.push(line);
      else yield* firstItems(value, number);
    } else yield value === undefined ? { line: number, fault: 'is not JSON' } : { line: number, value };
  }
  if (whole.length > 0) yield* wholeItems(whole.join('\n'));
}

function* firstItems(value: Json, line: number): Generator<RawItem> {
  if (!isObject(value) || !('format' in value)) {
    if (Array.isArray(value)) yield* listed(value);
    else yield { line, value };
    return;
  }
  checkHeader(value);
  if (value.items === undefined) return;
  if (!Array.isArray(value.items)) throw new ImportFormatError('Its `items` are no list.');
  yield* listed(value.items);
}

function* wholeItems(text: string): Generator<RawItem> {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImportFormatError(`Its first line is not JSON, nor is the whole of it (${reason}).`, { cause: error });
  }
  yield* firstItems(value, 1);
}

function* listed(items: readonly Json[]): Generator<RawItem> {
  for (const [i, value] of items.entries()) yield { line: i + 1, value };
}

function checkHeader({ format, version }: JsonObject): void {
  if (format !== DOCUMENT_FORMAT) {
    throw new ImportFormatError(`Its format is ${JSON.stringify(format)}, not ${DOCUMENT_FORMAT}.`);
  }
  if (!Number.isInteger(version) || (version as number) < 1) {
    throw new ImportFormatError(`Its version is ${JSON.stringify(version ?? null)}, which is none.`);
  }
  if ((version as number) > DOCUMENT_VERSION) {
    throw new ImportFormatError(
      `It has version ${version}, this Leviathan reads up to ${DOCUMENT_VERSION}: upgrade, or export it again in an older one.`,
    );
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

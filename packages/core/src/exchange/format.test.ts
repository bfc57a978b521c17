import { describe, expect, it } from 'vitest';
import { ImportFormatError } from '../errors';
import type { Json } from '../job';
import type { JsonObject } from '../json';
import { type DocumentHeader, readDocument, writeDocument } from './format';

const HEADER: DocumentHeader = {
  format: 'leviathan-export',
  version: 1,
  created: '2026-11-26T12:00:00.000Z',
  kinds: ['job'],
  history: false,
};
const ITEMS: JsonObject[] = [
  { kind: 'job', type: 'a' },
  { kind: 'job', type: 'b', data: 'x\ny' },
];

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const write = (style: 'ndjson' | 'json', items = ITEMS) => listOf(writeDocument(HEADER, stream(items), style));
const read = async (text: string): Promise<Json[]> =>
  (await listOf(readDocument(text.split('\n')))).map(({ line, value, fault }) => [line, value ?? fault ?? null]);

describe('a document', () => {
  it('is a header and a line for each item', async () => {
    const lines = await write('ndjson');
    expect(lines.map((line) => JSON.parse(line) as Json)).toEqual([HEADER, ...ITEMS]);
    expect(await read(lines.join('\n'))).toEqual([
      [2, ITEMS[0]],
      [3, ITEMS[1]],
    ]);
  });

  it.each([0, 1, 2])('is one object of JSON, with %d items', async (count) => {
    const text = (await write('json', ITEMS.slice(0, count))).join('\n');
    const { items, ...header } = JSON.parse(text) as { items: Json[] };
    expect(header).toEqual(HEADER);
    expect(items).toEqual(ITEMS.slice(0, count));
    const expected = ITEMS.slice(0, count).map((item, i) => [i + 1, item]);
    expect(await read(text)).toEqual(expected);
    expect(await read(JSON.stringify(JSON.parse(text), null, 2))).toEqual(expected);
    expect(await read(JSON.stringify(JSON.parse(text)))).toEqual(expected);
  });

  it('needs no header, is a list or a single item as well, and empty lines say nothing', async () => {
    expect(await read('\uFEFF{"type":"a"}\r\n\n  \n{"type":"b"}\n')).toEqual([
      [1, { type: 'a' }],
      [4, { type: 'b' }],
    ]);
    expect(await read('[{"type":"a"},{"type":"b"}]')).toHaveLength(2);
    expect(await read('{\n  "type": "a"\n}\n')).toEqual([[1, { type: 'a' }]]);
    expect(await read('')).toEqual([]);
  });

  it('may have lines that cannot be read, which are told', async () => {
    expect(await read('{"type":"a"}\nnonsense\n{"type":"b"}')).toEqual([
      [1, { type: 'a' }],
      [2, 'is not JSON'],
      [3, { type: 'b' }],
    ]);
  });

  it.each([
    ['nonsense', /first line is not JSON/],
    ['{"format":"leviathan-export","version":2}\n{}', /version 2, this Leviathan reads up to 1/],
    ['{"format":"leviathan-export","version":"1"}', /version is "1"/],
    ['{"format":"leviathan-export"}', /version is null/],
    ['{"format":"else","version":1}', /format is "else"/],
    ['{"format":"leviathan-export","version":1,"items":{}}', /no list/],
  ])('is refused when it is something else: %s', async (text, message) => {
    const error = await read(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ImportFormatError);
    expect((error as Error).message).toMatch(message);
  });
});

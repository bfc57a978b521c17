import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseMeta } from './codec';
import { snapshotMetaParser } from './snapshot-meta';

const number = fc.nat(2 ** 31);
const head = fc.record(
  {
    type: fc.constantFrom('mail', 'a "quoted" type', 'größer'),
    priority: fc.constantFrom(1, 5),
    status: fc.constantFrom('pending', 'failed'),
    created: fc.constantFrom(1_738_200_000_000, 1_738_200_000_001),
    tags: fc.constantFrom(['one'], ['two', '{']),
    run: fc.constantFrom({ progress: 1 }, { logs: [{ message: '"id":"x"' }] }),
  },
  { requiredKeys: ['type', 'priority'] },
);
const id = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,40}$/);
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(number, number, number, id, head) },
  { weight: 1, arbitrary: fc.constantFrom('{"op":"result","id":"j1"}', '{"op":"job"', '[1]', '') },
);

it('parses every line as JSON.parse does, whatever came before it', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const parse = snapshotMetaParser();
      for (const one of lines) {
        const text =
          typeof one === 'string'
            ? one
            : `{"op":"job","seq":${one[0]},"last":${one[1]},"size":${one[2]},"job":${JSON.stringify({ id: one[3], ...one[4] })}}`;
        const bytes = Buffer.from(`before${text}behind`);
        const [start, end] = [6, bytes.length - 6];
        expect(parse(bytes, start, end)).toEqual(parseMeta(bytes, start, end));
      }
    }),
  );
});

it('takes nothing for a line that is cut off behind the id', () => {
  const text = '{"op":"job","seq":1,"last":1,"size":1,"job":{"id":"a"';
  expect(snapshotMetaParser()(Buffer.from(text), 0, text.length)).toBeNull();
});

it('shares what jobs have in common, and nothing that one of them might change', () => {
  const parse = snapshotMetaParser();
  const jobs = ['a', 'b'].map((name) => {
    const text = `{"op":"job","seq":1,"last":1,"size":1,"job":{"id":"${name}","type":"t","tags":["x"]}}`;
    return parse(Buffer.from(text), 0, text.length)?.job as { tags: string[] };
  });
  expect(jobs[0]?.tags).not.toBe(jobs[1]?.tags);
});

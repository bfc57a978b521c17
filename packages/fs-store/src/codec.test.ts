import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyOf, type Damage, type Line, LineDecoder, LineEncoder } from './codec';
import { randomFrom, testSeed } from './testing/random';

function encode(...lines: [meta: object, body?: string][]): Buffer {
  const encoder = new LineEncoder();
  for (const [meta, body] of lines) encoder.add(JSON.stringify(meta), body);
  return encoder.take();
}

function decode(bytes: Buffer, chunk = bytes.length || 1): (Line | Damage)[] {
  const decoder = new LineDecoder();
  const found: (Line | Damage)[] = [];
  for (let at = 0; at < bytes.length; at += chunk) found.push(...decoder.push(bytes.subarray(at, at + chunk)));
  return [...found, ...decoder.end()];
}

const metas = (found: (Line | Damage)[]) => found.map((item) => (item.kind === 'line' ? item.meta : item));

describe('encoding', () => {
  it('writes checksum, meta and body, separated by tabs', () => {
    const rest = '{"seq":1}\t{"a":"ü"}';
    const crc = crc32(rest).toString(16).padStart(8, '0');
    expect(encode([{ seq: 1 }, '{"a":"ü"}']).toString()).toBe(`${crc}\t${rest}\n`);
  });

  it('pads the checksum to eight digits', () => {
    const lines = Array.from({ length: 300 }, (_, seq): [object] => [{ seq }]);
    for (const line of encode(...lines)
      .toString()
      .trimEnd()
      .split('\n'))
      expect(line).toMatch(/^[0-9a-f]{8}\t/);
  });

  it('says where each line and its body stand, in bytes', () => {
    const encoder = new LineEncoder();
    const places = (
      [
        ['{"ü":1}', '"é"'],
        ['{"b":2}', ''],
        ['{"c":3}', '[3]'],
      ] as const
    ).map(([meta, body]) => {
      encoder.add(meta, body);
      return { start: encoder.bodyStart, end: encoder.bodyStart + encoder.bodyLength };
    });
    const bytes = encoder.bytes();
    expect(places.map(({ start, end }) => bytes.toString('utf8', start, end))).toEqual(['"é"', '', '[3]']);
    expect(places.map(({ end }) => bytes[end])).toEqual([10, 10, 10]);
    expect(encoder.size).toBe((places[2]?.end ?? 0) + 1);
  });

  it('gives bytes that later lines do not touch, and starts again', () => {
    const encoder = new LineEncoder();
    encoder.add('{"n":1}');
    const first = encoder.take();
    const copy = Buffer.from(first);
    encoder.add('{"n":2}');
    expect(first).toEqual(copy);
    expect(encoder.size).toBe(first.length);
    encoder.clear();
    expect(encoder.take()).toHaveLength(0);
  });

  it('takes bodies of megabytes, of any width', () => {
    const body = JSON.stringify('ü'.repeat(3_000_000));
    const [line] = decode(encode([{ seq: 1 }, body]), 100_000);
    expect(line?.kind === 'line' && bodyOf(line) === body).toBe(true);
  });

  it.each([
    ['a newline in the meta', '{"a":\n1}', ''],
    ['a newline in the body', '{"a":1}', '{\n}'],
    ['a tab in the meta', '{"a":\t1}', ''],
  ])('refuses %s and adds nothing', (_what, meta, body) => {
    const encoder = new LineEncoder();
    encoder.add('{"kept":true}');
    expect(() => encoder.add(meta, body)).toThrow(TypeError);
    expect(metas(decode(encoder.take()))).toEqual([{ kept: true }]);
  });
});

describe('decoding', () => {
  const three = encode([{ seq: 1, x: 'ü' }, '{"a":1}'], [{ seq: 2 }], [{ seq: 3 }, '[1,2]']);
  const starts = decode(three).map((line) => (line.kind === 'line' ? line.offset : -1));

  it.each([1, 2, 7, 20, 1000])('finds the same lines in chunks of %i bytes', (chunk) => {
    const found = decode(three, chunk);
    expect(metas(found)).toEqual([{ seq: 1, x: 'ü' }, { seq: 2 }, { seq: 3 }]);
    expect(found.map((line) => (line.kind === 'line' ? bodyOf(line) : null))).toEqual(['{"a":1}', '', '[1,2]']);
  });

  it('gives offsets in the file, so that a body can be read without its line', () => {
    for (const line of decode(three, 5)) {
      if (line.kind !== 'line') throw new Error('damage');
      expect(three.toString('utf8', line.bodyStart, line.bodyStart + line.bodyLength)).toBe(bodyOf(line));
      expect(JSON.parse(three.toString('utf8', line.metaStart, line.bodyStart - 1))).toEqual(line.meta);
      expect(three[line.offset + line.length - 1]).toBe(10);
    }
    const decoder = new LineDecoder(4_000_000_000);
    expect(decoder.push(three)[0]).toMatchObject({ offset: 4_000_000_000, metaStart: 4_000_000_009 });
  });

  it('finds nothing in nothing', () => {
    expect(decode(Buffer.alloc(0))).toEqual([]);
  });

  it('calls the end torn wherever the last line is cut, its newline alone included', () => {
    for (let cut = (starts[2] ?? 0) + 1; cut < three.length; cut++) {
      const found = decode(three.subarray(0, cut));
      expect(metas(found.slice(0, 2)), `cut at ${cut}`).toEqual([{ seq: 1, x: 'ü' }, { seq: 2 }]);
      expect(found.slice(2), `cut at ${cut}`).toEqual([
        { kind: 'torn', from: starts[2], to: cut, reason: 'the last line has no end' },
      ]);
    }
  });

  it('calls a bad last line torn, one in front of whole lines corrupt', () => {
    const last = Buffer.from(three);
    last[three.length - 3] = 0x78;
    expect(decode(last).slice(2)).toEqual([
      { kind: 'torn', from: starts[2], to: three.length, reason: 'the checksum does not match' },
    ]);
    const middle = Buffer.from(three);
    middle[(starts[1] ?? 0) + 12] = 0x78;
    expect(metas(decode(middle))).toEqual([
      { seq: 1, x: 'ü' },
      { kind: 'corrupt', from: starts[1], to: starts[2], reason: 'the checksum does not match' },
      { seq: 3 },
    ]);
  });

  it('reports neighbouring bad lines as one damage', () => {
    const bytes = Buffer.concat([three, Buffer.from('garbage\nmore garbage\n\n'), three]);
    expect(metas(decode(bytes, 10)).slice(3)).toEqual([
      { kind: 'corrupt', from: three.length, to: three.length + 22, reason: 'this is not a journal line' },
      { seq: 1, x: 'ü' },
      { seq: 2 },
      { seq: 3 },
    ]);
  });

  it.each([1, 3, 4096, 1 << 20])('finds the whole line behind a hole of %i zeros, and reports the hole', (zeros) => {
    const bytes = Buffer.concat([three, Buffer.alloc(zeros), three]);
    for (const chunk of [bytes.length, 4096]) {
      expect(metas(decode(bytes, chunk)).slice(2, 5)).toEqual([
        { seq: 3 },
        {
          kind: 'corrupt',
          from: three.length,
          to: three.length + zeros,
          reason: 'there are zeros where a line should be',
          hole: true,
        },
        { seq: 1, x: 'ü' },
      ]);
    }
  });

  it('calls a tail of zeros torn', () => {
    const bytes = Buffer.concat([three, Buffer.alloc(100_000)]);
    expect(decode(bytes, 4096).slice(3)).toEqual([
      {
        kind: 'torn',
        from: three.length,
        to: bytes.length,
        reason: 'there are zeros where a line should be',
        hole: true,
      },
    ]);
  });

  it.each(['[1]', '"text"', 'null', '{"a":', ''])('refuses the meta %j, whatever its checksum says', (meta) => {
    expect(decode(encodeRaw(`${meta}\t`))).toEqual([
      { kind: 'torn', from: 0, to: expect.any(Number), reason: 'the meta of the line is not a JSON object' },
    ]);
  });

  it('refuses a line without a body column, and an upper-case checksum', () => {
    expect(decode(encodeRaw('{"a":1}'))[0]).toMatchObject({ kind: 'torn', reason: 'this is not a journal line' });
    const upper = encode([{ seq: 16 }]).toString();
    expect(upper.slice(0, 8)).toMatch(/[a-f]/);
    expect(decode(Buffer.from(upper.slice(0, 8).toUpperCase() + upper.slice(8)))[0]?.kind).toBe('torn');
  });
});

/** A line with a right checksum, whatever its content. */
function encodeRaw(rest: string): Buffer {
  return Buffer.from(`${crc32(rest).toString(16).padStart(8, '0')}\t${rest}\n`);
}

describe('damaged files', () => {
  const seed = testSeed();

  it(`never pass for good ones, and never throw (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 3_000; round++) {
      const count = 1 + random.below(12);
      const lines = Array.from({ length: count }, (_, seq): [object, string] => [
        { seq, round, op: 'x'.repeat(random.below(20)) },
        random.below(2) === 0 ? '' : JSON.stringify({ v: 'ü\n\t'.repeat(random.below(30)) }),
      ]);
      const good = encode(...lines);
      const bad = damage(good, random);
      const found = decode(bad, 1 + random.below(300));
      const what = `seed ${seed}, round ${round}`;
      const originals = new Set(splitLines(good));
      let at = 0;
      for (const item of found) {
        if (item.kind === 'line') {
          const text = bad.toString('latin1', item.offset, item.offset + item.length);
          expect(originals.has(text), what).toBe(true);
          expect(item.offset, what).toBe(at);
          at += item.length;
        } else {
          expect(item.from, what).toBe(at);
          expect(item.to, what).toBeGreaterThan(item.from);
          expect(item.kind === 'torn', what).toBe(item === found.at(-1));
          at = item.to;
        }
      }
      expect(at, what).toBe(bad.length);
    }
  });

  const splitLines = (bytes: Buffer) => bytes.toString('latin1').match(/[^\n]*\n/g) ?? [];

  function damage(good: Buffer, random: { below(limit: number): number }): Buffer {
    let bytes: Buffer = Buffer.from(good);
    for (let times = 1 + random.below(3); times > 0 && bytes.length > 1; times--) {
      const from = random.below(bytes.length);
      const to = Math.min(bytes.length, from + 1 + random.below(60));
      const kind = random.below(5);
      if (kind === 0) bytes[from] = (bytes[from] ?? 0) ^ (1 << random.below(8));
      else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
      else if (kind === 2) bytes.fill(0, from, to);
      else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
      else bytes = bytes.subarray(0, from + 1);
    }
    return bytes;
  }
});

import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ChainFile, hashOf, readChain } from './chain';
import { LineDecoder, LineEncoder } from './codec';
import { doctor } from './doctor';
import { type Files, nodeFiles } from './files';
import { fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { tempDir } from './testing/temp-dir';

const SMALL = { segmentBytes: 600, durability: 'process' } as const;

async function use(
  root: string,
  run: (store: ReturnType<typeof fsStore>) => Promise<unknown>,
  options: FsStoreOptions = {},
) {
  const store = fsStore({ root, ...SMALL, ...options });
  try {
    await run(store);
  } finally {
    await store.close();
  }
}

const add = async (store: ReturnType<typeof fsStore>, name: string, count = 20): Promise<void> => {
  for (let n = 0; n < count; n++) await store.add([{ id: `${name}-${n}`, type: 'a', data: { text: 'x'.repeat(50) } }]);
};

/** A closed store with some ten sealed segments. */
async function sealed(): Promise<{ root: string; journal: string }> {
  const root = join(tempDir(), 'jobs');
  await use(root, async (store) => {
    await add(store, 'job');
    await store.tidy();
  });
  return { root, journal: join(root, 'journal') };
}

const chainOf = (journal: string): ChainFile => readChain(nodeFiles, journal) as ChainFile;

const segmentsOf = (journal: string): string[] =>
  readdirSync(journal)
    .filter((name) => /^\d{16}\.ndjson(\.gz)?$/.test(name))
    .sort();

const contentOf = (path: string): Buffer =>
  path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path);

/** What the doctor says of the chain: code and file, the oldest first. */
async function faultsOf(root: string): Promise<[code: string, path: string | undefined][]> {
  const { findings } = await doctor({ root });
  return findings.filter(({ code }) => code.startsWith('CHAIN')).map(({ code, path }) => [code, path]);
}

/** Another text of the same length in a line, its checksum made anew: nothing else notices. */
function forge(path: string, from: string, to: string): void {
  const encoder = new LineEncoder();
  for (const item of new LineDecoder().push(contentOf(path))) {
    if (item.kind !== 'line') throw new Error('The segment is not whole.');
    const text = item.source.toString('utf8', item.sourceStart + 9, item.sourceStart + item.length - 1);
    const [meta = '', body = ''] = text.split('\t');
    encoder.add(meta.replace(from, to), body.replace(from, to));
  }
  writeFileSync(path, encoder.take());
}

describe('a link', () => {
  it('is made of a large segment with one piece of memory', async () => {
    const path = join(tempDir(), 'segment');
    const content = randomBytes(1_000_000);
    writeFileSync(path, content);
    const memory = new Set<ArrayBufferLike>();
    const files: Files = {
      ...nodeFiles,
      read: (fd, into, ...rest) => {
        memory.add(into.buffer);
        return nodeFiles.read(fd, into, ...rest);
      },
    };
    const expected = createHash('sha256').update('before').update(content.subarray(0, 900_000)).digest('hex');
    expect(await hashOf(files, path, 'before', 900_000)).toBe(expected);
    expect(memory.size).toBe(1);
  });
});

describe('the chain', () => {
  it('has a link for each sealed segment, of the bytes and the link before', async () => {
    const { root, journal } = await sealed();
    const { begin, segments } = chainOf(journal);
    const names = segmentsOf(journal);
    expect(begin).toEqual({ first: 1, hash: '0'.repeat(64) });
    expect(segments.length).toBeGreaterThan(5);
    expect(segments.map(({ first }) => first)).toEqual(names.slice(0, -1).map((name) => Number.parseInt(name, 10)));
    let before = begin.hash;
    for (const [n, { bytes, hash }] of segments.entries()) {
      const content = contentOf(join(journal, names[n] as string));
      expect(content).toHaveLength(bytes);
      before = createHash('sha256').update(before).update(content).digest('hex');
      expect(hash).toBe(before);
    }
    expect((await doctor({ root })).chain).toEqual({ segments: segments.length, since: 1, newest: before });
  });

  it('holds while segments are compressed, and goes on with the next owner', async () => {
    const { root, journal } = await sealed();
    const before = chainOf(journal).segments;
    await use(root, async (store) => {
      await add(store, 'more');
      await store.tidy();
    });
    expect(segmentsOf(journal).filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(3);
    const { segments } = chainOf(journal);
    expect(segments.slice(0, before.length)).toEqual(before);
    expect(segments.length).toBeGreaterThan(before.length);
    expect(await faultsOf(root)).toEqual([]);
  });

  it('is mended by the next owner where a crash came between a segment and its link', async () => {
    const { root, journal } = await sealed();
    const whole = chainOf(journal);
    writeFileSync(join(journal, 'chain.json'), JSON.stringify({ ...whole, segments: whole.segments.slice(0, 2) }));
    expect(await faultsOf(root)).toEqual([]);
    await use(root, (store) => store.tidy());
    expect(chainOf(journal).segments.slice(0, whole.segments.length)).toEqual(whole.segments);
  });

  it('begins in an older store with the segment that is being written', async () => {
    const { root, journal } = await sealed();
    const newest = Number.parseInt(segmentsOf(journal).at(-1) as string, 10);
    unlinkSync(join(journal, 'chain.json'));
    expect(await faultsOf(root)).toEqual([]);
    await use(root, async (store) => {
      await add(store, 'more');
      await store.tidy();
    });
    const { begin, segments } = chainOf(journal);
    expect(begin.first).toBe(newest);
    expect(segments[0]?.first).toBe(newest);
    expect(await faultsOf(root)).toEqual([]);
  });

  it('starts from a recorded anchor once the oldest segments are past their retention', async () => {
    const { root, journal } = await sealed();
    const { segments } = chainOf(journal);
    const limits: FsStoreOptions = { audit: { bytes: 1 } };
    // The older of two snapshots keeps the segments behind it.
    for (const name of ['one', 'two']) {
      await use(
        root,
        async (store) => {
          await add(store, name, 3);
          await store.tidy();
        },
        limits,
      );
    }
    const { begin, segments: left } = chainOf(journal);
    expect(begin.first).toBeGreaterThan(segments[1]?.first as number);
    expect(Number.parseInt(segmentsOf(journal)[0] as string, 10)).toBe(begin.first);
    expect(left[0]?.first).toBe(begin.first);
    expect(await faultsOf(root)).toEqual([]);
  });

  it('says that it does not know when the file makes no sense; the next owner begins a new one beside it', async () => {
    const { root, journal } = await sealed();
    writeFileSync(join(journal, 'chain.json'), '{"format":1,"begin"');
    expect(await faultsOf(root)).toEqual([['CHAIN_DAMAGED', join('journal', 'chain.json')]]);
    await use(root, (store) => store.tidy());
    expect(await faultsOf(root)).toEqual([]);
    expect(readdirSync(journal)).toContain('chain.json.1.bad');
  });
});

describe('the doctor names the first segment that', () => {
  const tampered: [name: string, code: string, tamper: (journal: string, names: string[]) => number][] = [
    [
      'was altered, its checksums made anew',
      'CHAIN_ALTERED',
      (journal, names) => {
        forge(join(journal, names[3] as string), '"x', '"y');
        return 3;
      },
    ],
    [
      'was cut',
      'CHAIN_CUT',
      (journal, names) => {
        const path = join(journal, names[2] as string);
        truncateSync(path, contentOf(path).lastIndexOf('\n', -2) + 1);
        return 2;
      },
    ],
    [
      'is missing',
      'CHAIN_MISSING',
      (journal, names) => {
        unlinkSync(join(journal, names[0] as string));
        return 0;
      },
    ],
    [
      'was swapped with another',
      'CHAIN_ALTERED',
      (journal, names) => {
        const [a, b] = [join(journal, names[1] as string), join(journal, names[4] as string)];
        copyFileSync(a, `${a}.old`);
        renameSync(b, a);
        renameSync(`${a}.old`, b);
        return 1;
      },
    ],
  ];

  it.each(tampered)('%s', async (_name, code, tamper) => {
    const root = join(tempDir(), 'jobs');
    const journal = join(root, 'journal');
    // Not compressed: nothing is behind a snapshot.
    await use(root, (store) => add(store, 'job'));
    await use(root, (store) => store.counts());
    const names = segmentsOf(journal);
    const which = tamper(journal, names);
    const [first] = await faultsOf(root);
    expect(first).toEqual([code, join('journal', names[which] as string)]);
  });

  it('was altered in the middle, and leaves those behind it out of suspicion', async () => {
    const { root, journal } = await sealed();
    const names = segmentsOf(journal);
    const path = join(journal, names[2] as string);
    if (path.endsWith('.gz')) {
      writeFileSync(path.slice(0, -3), contentOf(path));
      unlinkSync(path);
    }
    forge(path.replace(/\.gz$/, ''), '"x', '"y');
    expect((await faultsOf(root)).map(([code]) => code)).toEqual(['CHAIN_ALTERED']);
    const repaired = await doctor({ root, repair: true });
    expect(repaired.findings.find(({ code }) => code === 'CHAIN_ALTERED')?.repaired).toBe(true);
    expect(readdirSync(journal)).toContain('chain.json.1.bad');
    expect((await doctor({ root })).ok).toBe(true);
  });
});

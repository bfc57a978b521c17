import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreFormatError } from '@leviathan/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LineDecoder, LineEncoder } from './codec';
import { nodeFiles } from './files';
import { headerLine, listSegments, segmentName } from './segment';
import { faultyFiles } from './testing/faults';
import { randomFrom, testSeed } from './testing/random';
import { batch, openJournal, range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

const HEADER = headerLine({ first: 1, epoch: 1, at: 0 }).length;

/** A segment file with these batches. */
function segment(dir: string, first: number, ...batches: Buffer[]): string {
  const path = join(dir, segmentName(first));
  writeFileSync(
    path,
    Buffer.concat([headerLine({ first, epoch: 1, at: 1_738_200_000_000, sealed: true }), ...batches]),
  );
  return path;
}

const lines = (first: number, last = first) => batch(first, last).lines;

/** Offsets at which the lines of a file start, its length last. */
function starts(path: string): number[] {
  const bytes = readFileSync(path);
  const items = new LineDecoder().push(bytes);
  return [...items.map((item) => (item.kind === 'line' ? item.offset : -1)), bytes.length];
}

describe('a replay', () => {
  it('of nothing ends where it was to start', async () => {
    expect(await replayAll(tempDir())).toMatchObject({
      seqs: [],
      findings: [],
      end: { next: 1, epoch: 0, tail: null },
    });
    expect((await replayAll(tempDir(), 50)).end.next).toBe(50);
  });

  it('starts at the number that it is asked for, in whatever segment that is', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3), lines(4));
    segment(dir, 5, lines(5, 9));
    segment(dir, 10, lines(10));
    for (const from of range(1, 10)) {
      const { seqs, findings, end } = await replayAll(dir, from);
      expect(seqs, `from ${from}`).toEqual(range(from, 10));
      expect(findings, `from ${from}`).toEqual([]);
      expect(end.next).toBe(11);
    }
  });

  it('reads only the segments that it needs', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 4));
    segment(dir, 5, lines(5, 9));
    const files = faultyFiles();
    await replayAll(dir, 6, files);
    expect(files.calls.filter(({ call }) => call === 'openSync').map(({ args }) => args[0])).toEqual([
      join(dir, segmentName(5)),
    ]);
  });

  it('says where the journal ends, so that it can go on there', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1, 3));
    expect((await replayAll(dir)).end).toEqual({
      next: 4,
      epoch: 1,
      tail: { segment: segmentName(1), end: readFileSync(path).length },
      givenUp: [],
    });
  });

  it('is ahead of the journal when it starts behind its end', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    expect((await replayAll(dir, 9)).end).toMatchObject({ next: 9, tail: null });
  });

  it('refuses what a newer version wrote, without touching it', async () => {
    const dir = tempDir();
    const encoder = new LineEncoder();
    encoder.add('{"op":"segment","format":2,"first":1,"epoch":1,"at":0}');
    writeFileSync(join(dir, segmentName(1)), encoder.take());
    await expect(replayAll(dir)).rejects.toThrow(StoreFormatError);
  });

  it('leaves what is no segment alone', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1));
    for (const name of [
      'reserve',
      'snapshot-0000000000000001.ndjson',
      `${segmentName(2)}.gz.tmp`,
      `.${segmentName(2)}.1-1.tmp`,
    ]) {
      writeFileSync(join(dir, name), 'x');
    }
    expect(await replayAll(dir)).toMatchObject({ seqs: [1], findings: [] });
  });

  it('leaves the event loop free while it reads', async () => {
    const dir = tempDir();
    const many = Array.from({ length: 200 }, (_, i) => batch(i * 100 + 1, i * 100 + 100).lines);
    segment(dir, 1, ...many);
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns++;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    expect((await replayAll(dir)).seqs).toHaveLength(20_000);
    running = false;
    expect(turns).toBeGreaterThan(5);
  });
});

describe('the end of a journal', () => {
  it('torn at any byte of the last three records loses those alone that it tears, and says so', async () => {
    const whole = segment(tempDir(), 1, lines(1, 2), lines(3), lines(4), lines(5));
    const bytes = readFileSync(whole);
    const at = starts(whole);
    for (let cut = at[3] as number; cut < bytes.length; cut++) {
      const dir = tempDir();
      writeFileSync(join(dir, segmentName(1)), bytes.subarray(0, cut));
      const kept = at.filter((start) => start <= cut).length - 2;
      const { seqs, findings, end } = await replayAll(dir);
      expect(seqs, `cut at ${cut}`).toEqual(range(1, kept));
      expect(end, `cut at ${cut}`).toMatchObject({ next: kept + 1, tail: { end: at[kept + 1] } });
      const torn = cut > (at[kept + 1] as number);
      expect(findings, `cut at ${cut}`).toEqual(
        torn
          ? [expect.objectContaining({ kind: 'torn-tail', segment: segmentName(1), from: at[kept + 1], to: cut })]
          : [],
      );
    }
  });

  it('torn at any byte of an atomic batch loses the whole batch', async () => {
    const path = segment(tempDir(), 1, lines(1), lines(2, 4));
    const bytes = readFileSync(path);
    const at = starts(path);
    for (let cut = (at[2] as number) + 1; cut < bytes.length; cut++) {
      const dir = tempDir();
      writeFileSync(join(dir, segmentName(1)), bytes.subarray(0, cut));
      const { seqs, kinds, end } = await replayAll(dir);
      expect(seqs, `cut at ${cut}`).toEqual([1]);
      expect(end, `cut at ${cut}`).toMatchObject({ next: 2, tail: { end: at[2] } });
      expect(kinds.length, `cut at ${cut}`).toBeGreaterThan(0);
      expect(kinds.includes('incomplete-batch'), `cut at ${cut}`).toBe(cut >= (at[3] as number));
    }
  });

  it.each([1, 511, 4096, 300_000])('full of %i zeros is cut there', async (zeros) => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1, 3));
    const length = readFileSync(path).length;
    appendFileSync(path, Buffer.alloc(zeros));
    const { seqs, findings, end } = await replayAll(dir);
    expect(seqs).toEqual([1, 2, 3]);
    expect(findings).toEqual([expect.objectContaining({ kind: 'torn-tail', from: length, to: length + zeros })]);
    expect(end.tail).toEqual({ segment: segmentName(1), end: length });
  });

  it('in an empty segment is reported, and the number is free', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    writeFileSync(join(dir, segmentName(4)), '');
    const { seqs, kinds, end } = await replayAll(dir);
    expect(seqs).toEqual([1, 2, 3]);
    expect(kinds).toEqual(['torn-tail']);
    expect(end).toMatchObject({ next: 4, tail: null });
    const journal = await openJournal(dir);
    journal.append(batch(4));
    await journal.close();
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2, 3, 4], findings: [] });
  });

  it('in a segment with half a header is reported, and the journal goes on', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    writeFileSync(join(dir, segmentName(4)), headerLine({ first: 4, epoch: 2, at: 0 }).subarray(0, 50));
    const { seqs, kinds, end } = await replayAll(dir);
    expect([seqs, kinds, end.next, end.tail]).toEqual([[1, 2, 3], ['torn-tail'], 4, null]);
    const journal = await openJournal(dir);
    journal.append(batch(4));
    await journal.close();
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2, 3, 4], findings: [] });
  });

  it('behind records that are lost never gives a number twice', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    segment(dir, 9, lines(9).subarray(0, 20));
    const { kinds, end } = await replayAll(dir);
    expect(kinds).toEqual(['missing', 'torn-tail']);
    expect(end.next).toBe(9);
  });
});

describe('damage in the middle', () => {
  it('is reported with its place, and the rest is read', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1), lines(2), lines(3));
    const at = starts(path);
    const bytes = readFileSync(path);
    bytes[(at[2] as number) + 20] = 0x58;
    writeFileSync(path, bytes);
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual([1, 3]);
    expect(findings).toEqual([
      { kind: 'corrupt', segment: segmentName(1), from: at[2], to: at[3], message: 'the checksum does not match' },
      { kind: 'missing', segment: segmentName(1), from: at[3], to: at[3], message: 'record 2 is missing' },
    ]);
  });

  it('is not reported any more once a replay starts behind it', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1), lines(2), lines(3));
    writeFileSync(
      path,
      readFileSync(path).fill(0x58, (starts(path)[2] as number) + 9, (starts(path)[2] as number) + 20),
    );
    const journal = await openJournal(dir);
    expect(journal.segment.name).toBe(segmentName(4));
    journal.append(batch(4));
    await journal.close();
    expect((await replayAll(dir)).kinds).toEqual(['corrupt', 'missing']);
    expect(await replayAll(dir, 4)).toMatchObject({ seqs: [4], findings: [] });
  });

  it('at the end of a segment that has a successor is no torn tail', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1), lines(2), lines(3));
    truncateSync(path, (starts(path)[3] as number) + 10);
    segment(dir, 4, lines(4));
    const { seqs, kinds, end } = await replayAll(dir);
    expect(seqs).toEqual([1, 2, 4]);
    expect(kinds).toEqual(['corrupt', 'missing']);
    expect(end).toMatchObject({ next: 5, tail: { segment: segmentName(4) } });
  });

  it('of a header is reported, and the records count', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1), lines(2));
    writeFileSync(path, readFileSync(path).fill(0x58, 20, 30));
    const { seqs, findings, end } = await replayAll(dir);
    expect(seqs).toEqual([1, 2]);
    expect(findings).toEqual([expect.objectContaining({ kind: 'bad-header', from: 0, to: HEADER })]);
    expect(end).toMatchObject({ next: 3, tail: null });
  });

  it('that copied a stretch of the file gives no record twice', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1), lines(2), lines(3), lines(2), lines(3), lines(4));
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual([1, 2, 3, 4]);
    expect(findings).toEqual([
      expect.objectContaining({ kind: 'duplicate', to: expect.any(Number), message: 'record 2 comes again' }),
    ]);
  });

  it('by a line that is no record is reported', async () => {
    const dir = tempDir();
    const encoder = new LineEncoder();
    encoder.add('{"op":"note"}');
    segment(dir, 1, lines(1), encoder.take(), lines(2));
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2], kinds: ['corrupt'] });
  });

  it('by a segment that is gone is reported with the records that are missing', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    rmSync(segment(dir, 4, lines(4, 8)));
    segment(dir, 9, lines(9));
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual([1, 2, 3, 9]);
    expect(findings).toEqual([
      { kind: 'missing', segment: segmentName(9), from: 0, to: 0, message: 'records 4 to 8 are missing' },
    ]);
  });

  it('by a beginning that is gone is reported when it is asked for', async () => {
    const dir = tempDir();
    segment(dir, 5, lines(5, 8));
    expect(await replayAll(dir)).toMatchObject({ seqs: [5, 6, 7, 8], kinds: ['missing'] });
    expect(await replayAll(dir, 5)).toMatchObject({ seqs: [5, 6, 7, 8], kinds: [] });
  });

  it('by an empty segment that has a successor is reported with what is missing', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1));
    writeFileSync(join(dir, segmentName(2)), '');
    segment(dir, 4, lines(4));
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 4], kinds: ['bad-header', 'missing'] });
  });

  it('by a disk that cannot read is reported, and the next segment is read', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    segment(dir, 4, lines(4));
    const path = new Map<unknown, string>();
    const files = faultyFiles((call, [fd]) => (call === 'read' && path.get(fd)?.includes('01.') ? 'EIO' : undefined), {
      ...nodeFiles,
      openSync: (name, mode) => {
        const fd = nodeFiles.openSync(name, mode);
        path.set(fd, name);
        return fd;
      },
    });
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const replayed = replayAll(dir, 1, files);
    let isOver = false;
    void replayed.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await vi.advanceTimersByTimeAsync(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await replayed).toMatchObject({ seqs: [4], kinds: ['unreadable', 'bad-header', 'missing'] });
  });

  it.each(['read', 'openSync', 'fstatSync'])('is not what a disk leaves that fails in %s for a moment', async (bad) => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    segment(dir, 4, lines(4));
    const files = faultyFiles((call, _args, nth) => (call === bad && nth < 2 ? 'EIO' : undefined));
    expect(await replayAll(dir, 1, files)).toMatchObject({ seqs: [1, 2, 3, 4], kinds: [] });
  });

  it('is not what a missing right to read is', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3));
    const files = faultyFiles((call) => (call === 'openSync' ? 'EACCES' : undefined));
    await expect(replayAll(dir, 1, files)).rejects.toMatchObject({ code: 'EACCES' });
  });
});

describe('what a segment was left for', () => {
  it('does not count: its records stand in the next one', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3), lines(4), lines(5, 6));
    segment(dir, 4, lines(4), lines(5, 6), lines(7));
    const { seqs, findings, lines: found } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 7));
    expect(findings).toEqual([]);
    expect(found.filter(({ meta }) => (meta.seq as number) >= 4).map(({ segment: name }) => name)).toEqual(
      Array.from({ length: 4 }, () => segmentName(4)),
    );
  });

  it.each([
    ['half a line', Buffer.from('00000000\t{"seq":4,')],
    ['zeros', Buffer.alloc(5_000)],
    ['half a batch', lines(4, 6).subarray(0, 150)],
    ['another batch of the same number', lines(4, 4)],
  ])('may be %s', async (_what, rest) => {
    const dir = tempDir();
    segment(dir, 1, lines(1, 3), rest);
    segment(dir, 4, lines(4), lines(5));
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 5), findings: [] });
  });

  it('still shows what is missing in front of it', async () => {
    const dir = tempDir();
    segment(dir, 1, lines(1), Buffer.from('garbage\n'), lines(4));
    segment(dir, 4, lines(4));
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 4], kinds: ['corrupt', 'missing'] });
  });
});

describe('compressed segments', () => {
  const pack = (path: string) => {
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    rmSync(path);
  };

  it('are read like the others', async () => {
    const dir = tempDir();
    pack(segment(dir, 1, lines(1, 3)));
    pack(segment(dir, 4, lines(4, 5)));
    segment(dir, 6, lines(6));
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 6), findings: [] });
  });

  it('do not end a journal that goes on', async () => {
    const dir = tempDir();
    pack(segment(dir, 1, lines(1, 3)));
    const { end } = await replayAll(dir);
    expect(end).toMatchObject({ next: 4, tail: null });
  });

  it('that do not unpack are reported, and what unpacks is read', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, ...range(1, 2_000).map((seq) => lines(seq)));
    segment(dir, 2_001, lines(2_001));
    pack(path);
    truncateSync(`${path}.gz`, 4_000);
    const { seqs, kinds } = await replayAll(dir);
    expect(kinds[0]).toBe('unreadable');
    expect(kinds.at(-1)).toBe('missing');
    expect(seqs.at(-1)).toBe(2_001);
    expect(seqs).toEqual([...range(1, seqs.length - 1), 2_001]);
  });

  it('stand back behind a plain one that is whole', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1, 3));
    writeFileSync(`${path}.gz`, 'the beginning of a compression');
    segment(dir, 4, lines(4));
    expect(listSegments(nodeFiles, dir)[0]).toEqual({ first: 1, name: segmentName(1), plain: true, gz: true });
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 4), findings: [] });
  });

  it('stand in for a plain one that is damaged', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1, 3));
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    truncateSync(path, 100);
    segment(dir, 4, lines(4));
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 4), findings: [] });
    expect(gunzipSync(readFileSync(`${path}.gz`)).length).toBeGreaterThan(100);
  });

  it('leave the plain one its findings when both are damaged', async () => {
    const dir = tempDir();
    const path = segment(dir, 1, lines(1), lines(2), lines(3));
    writeFileSync(`${path}.gz`, 'damaged too');
    truncateSync(path, (starts(path)[3] as number) + 5);
    segment(dir, 4, lines(4));
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2, 4], kinds: ['corrupt', 'missing'] });
  });
});

describe('a journal damaged at random', () => {
  const seed = testSeed();

  it(`never throws, never repeats or reorders a record, and reports each that is gone (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 300; round++) {
      const dir = tempDir();
      const firsts = [1, 4 + random.below(5), 15 + random.below(5)];
      const ends = [...firsts.slice(1).map((first) => first - 1), 25];
      firsts.forEach((first, i) => {
        const batches: Buffer[] = [];
        for (let seq = first; seq <= (ends[i] as number); ) {
          const last = Math.min(ends[i] as number, seq + random.below(3));
          batches.push(lines(seq, last));
          seq = last + 1;
        }
        segment(dir, first, ...batches);
      });
      const names = readdirSync(dir).sort();
      const victim = join(dir, names[random.below(names.length)] as string);
      const bytes = readFileSync(victim);
      const at = random.below(bytes.length);
      // A file that ends with a whole batch does not show what came behind it: the last byte stays, and takes the place of no other line's end.
      const from = bytes[at] === 10 ? at - 1 : at;
      const to = Math.min(bytes.length - 1, from + 1 + random.below(200));
      const kind = random.below(4);
      if (kind === 0) bytes[from] = (bytes[from] as number) ^ (1 << random.below(8));
      if (kind === 1) bytes.fill(0, from, to);
      const pieces =
        kind === 2 ? [bytes.subarray(0, from), bytes.subarray(to)] : [bytes, kind === 3 ? bytes.subarray(from) : ''];
      writeFileSync(victim, Buffer.concat(pieces.map((piece) => Buffer.from(piece))));
      const what = `seed ${seed}, round ${round}`;
      const { seqs, findings, bodies } = await replayAll(dir);
      expect(seqs, what).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(
        bodies.map((body) => JSON.parse(body).n),
        what,
      ).toEqual(seqs);
      if (seqs.length < 25) expect(findings.length, what).toBeGreaterThan(0);
      const journal = await openJournal(dir, { durability: 'process' });
      const next = journal.next;
      expect(next, what).toBeGreaterThan(seqs.at(-1) ?? 0);
      journal.append(batch(next));
      await journal.close();
      expect((await replayAll(dir)).seqs.at(-1), what).toBe(next);
    }
  }, 60_000);
});

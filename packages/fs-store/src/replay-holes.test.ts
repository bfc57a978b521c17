import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { LineDecoder } from './codec';
import { nodeFiles } from './files';
import { JournalLog } from './journal-log';
import { recover } from './recovery';
import { Replay } from './replay';
import { headerLine, segmentName } from './segment';
import { openHost } from './testing/journal-host';
import { batch, openJournal, range, replayAll, vouching } from './testing/records';
import { tempDir } from './testing/temp-dir';

const lines = (first: number, last = first) => batch(first, last).lines;

/** A segment in which these lines (0 is the header) were never written. */
function segment(dir: string, first: number, batches: Buffer[], holes: number[] = [], sealed = false): Buffer {
  const bytes = Buffer.concat([headerLine({ first, epoch: 1, at: 1_738_200_000_000, sealed }), ...batches]);
  for (const [i, item] of new LineDecoder().push(Buffer.from(bytes)).entries())
    if (item.kind === 'line' && holes.includes(i)) bytes.fill(0, item.offset, item.offset + item.length);
  writeFileSync(join(dir, segmentName(first)), bytes);
  return bytes;
}

describe('a hole at the end of a journal', () => {
  it('ends it, although there are whole records behind: nobody was told of them', async () => {
    const dir = tempDir();
    const bytes = segment(dir, 1, [lines(1), lines(2), lines(3, 4)], [2]);
    const { seqs, findings, end } = await replayAll(dir);
    expect(seqs).toEqual([1]);
    expect(findings).toEqual([expect.objectContaining({ kind: 'torn-tail', to: bytes.length })]);
    expect(end).toMatchObject({ next: 2, tail: null });
  });

  it('leaves nothing of a batch that it is in', async () => {
    for (const hole of [2, 3, 4]) {
      const dir = tempDir();
      segment(dir, 1, [lines(1), lines(2, 4), lines(5)], [hole]);
      const { seqs, kinds, end } = await replayAll(dir);
      expect(seqs, `line ${hole}`).toEqual([1]);
      expect(kinds[0], `line ${hole}`).toBe('torn-tail');
      expect(end.next, `line ${hole}`).toBe(2);
    }
  });

  it('may be at its very beginning', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2)], [0]);
    expect(await replayAll(dir)).toMatchObject({ seqs: [], kinds: ['torn-tail'], end: { next: 1, tail: null } });
  });

  it('is not written into: the journal goes on in another segment, and the bytes stay for a person to look at', async () => {
    const dir = tempDir();
    const before = segment(dir, 1, [lines(1), lines(2), lines(3, 4)], [2]);
    const journal = await openJournal(dir);
    journal.append(batch(2, 3));
    expect(journal.segment.name).toBe(segmentName(2));
    await journal.close();
    expect(readFileSync(join(dir, segmentName(1)))).toEqual(before);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2, 3], findings: [] });
  });
});

describe('a hole is damage', () => {
  it('when a later record says that what stood there was on the device', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), lines(3), vouching(4, 2)], [2]);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 3, 4], kinds: ['corrupt', 'missing'] });
  });

  it('also in the middle of a batch: the rest of it counts, since it was whole once', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1, 5), vouching(6, 5)], [3]);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 2, 4, 5, 6], kinds: ['corrupt', 'missing'] });
  });

  it('but not one that comes behind what is vouched for', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), vouching(3, 2), lines(4), lines(5)], [2, 4]);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 3], kinds: ['corrupt', 'missing', 'torn-tail'] });
  });

  it('but not one that begins in what is vouched for and ends behind it', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), vouching(3, 1), lines(4), lines(5)], [2, 3, 4]);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1], kinds: ['torn-tail'], end: { next: 2 } });
    const other = tempDir();
    segment(other, 1, [lines(1), lines(2), lines(3), lines(4), lines(5)], [2, 3, 4]);
    // A snapshot has seen 1 and 2, and nobody was told of 5.
    expect(await replayAll(other, 3)).toMatchObject({ seqs: [], kinds: ['torn-tail'], end: { next: 3, tail: null } });
    expect(await replayAll(other, 5)).toMatchObject({ seqs: [5], kinds: ['corrupt', 'missing'] });
  });

  it('in front of what a snapshot holds already', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), lines(3), lines(4)], [2]);
    expect(await replayAll(dir, 4)).toMatchObject({ seqs: [4], kinds: ['corrupt', 'missing'] });
  });

  it('when a later segment was begun after all before it was on the device, or says so further behind', async () => {
    for (const [sealed, last] of [
      [true, lines(5)],
      [false, vouching(5, 3)],
    ] as const) {
      const dir = tempDir();
      segment(dir, 1, [lines(1), lines(2), lines(3)], [2]);
      segment(dir, 4, [lines(4), last], [], sealed);
      expect(await replayAll(dir)).toMatchObject({ seqs: [1, 3, 4, 5], kinds: ['corrupt', 'missing'] });
    }
  });
});

describe('a segment that ends early, as a power cut at process leaves it', () => {
  /** The first of three has lost its end. */
  function broken(): string {
    const dir = tempDir();
    const bytes = segment(dir, 1, [lines(1), lines(2, 3), lines(4, 5)]);
    writeFileSync(join(dir, segmentName(1)), bytes.subarray(0, bytes.length - 10));
    segment(dir, 6, [lines(6), lines(7)]);
    segment(dir, 8, [lines(8)]);
    return dir;
  }

  it('ends the journal, with nothing of the batch that it cut through', async () => {
    const { seqs, kinds, end } = await replayAll(broken());
    expect(seqs).toEqual([1, 2, 3]);
    expect(new Set(kinds)).toEqual(new Set(['torn-tail', 'incomplete-batch']));
    expect(end).toMatchObject({ next: 4, tail: null, givenUp: [segmentName(6), segmentName(8)] });
  });

  it('has what stood behind it put aside, and the journal goes on', async () => {
    const dir = broken();
    const journal = await openJournal(dir);
    for (let seq = 4; seq <= 9; seq++) journal.append(batch(seq));
    await journal.close();
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 9), findings: [] });
    const aside = readdirSync(dir).filter((name) => name.endsWith('.bad'));
    expect(aside).toEqual([`${segmentName(6)}.2.bad`, `${segmentName(8)}.2.bad`]);
  });

  it('is no news where a snapshot has seen what is missing', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2)]);
    segment(dir, 5, [lines(5)]);
    const replay = new Replay(nodeFiles, dir, 2, 4);
    const seqs: unknown[] = [];
    for await (const part of replay) seqs.push(...part.lines.map(({ meta }) => meta.seq));
    expect(seqs).toEqual([2, 5]);
    expect(replay.end).toMatchObject({ next: 6, givenUp: [] });
  });
});

describe('a segment that ends before what a snapshot has seen', () => {
  it('leaves open what came behind the snapshot, so that later segments do not count', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), lines(3)]);
    segment(dir, 12, [lines(12)]);
    const replay = new Replay(nodeFiles, dir, 6, 5);
    const seqs: unknown[] = [];
    for await (const part of replay) seqs.push(...part.lines.map(({ meta }) => meta.seq));
    expect(seqs).toEqual([]);
    expect(replay.end).toMatchObject({ next: 6, tail: null, givenUp: [segmentName(12)] });
    expect(replay.findings.map(({ kind }) => kind)).toEqual(['torn-tail']);
  });
});

describe('a first segment that is not there, as a power cut at process leaves it', () => {
  /** The name of the first of three never reached the disk. */
  function headless(last: Buffer = lines(8), sealed = false): string {
    const dir = tempDir();
    segment(dir, 6, [lines(6), lines(7)], [], sealed);
    segment(dir, 8, [last]);
    return dir;
  }

  it('has nothing behind it that counts, and what stands there is put aside', async () => {
    const dir = headless();
    const { seqs, kinds, end } = await replayAll(dir);
    expect(seqs).toEqual([]);
    expect(kinds).toEqual(['torn-tail']);
    expect(end).toMatchObject({ next: 1, tail: null, givenUp: [segmentName(6), segmentName(8)] });
    const journal = await openJournal(dir);
    for (let seq = 1; seq <= 9; seq++) journal.append(batch(seq));
    await journal.close();
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 9), findings: [] });
  });

  it('is damage, and told as such, where a later line or header says that it was on the device', async () => {
    for (const dir of [headless(vouching(8, 5)), headless(lines(8), true)]) {
      expect(await replayAll(dir)).toMatchObject({ seqs: [6, 7, 8], kinds: ['missing'], end: { givenUp: [] } });
    }
    expect((await replayAll(headless(vouching(8, 4)))).seqs).toEqual([]);
  });

  it('is damage where a snapshot says that, a damaged one too', async () => {
    const dir = headless();
    for (const [seen, vouched, kinds] of [
      [5, undefined, []],
      [0, 5, ['missing']],
      [0, 4, ['torn-tail']],
    ] as const) {
      const replay = new Replay(nodeFiles, dir, seen + 1, seen, vouched);
      for await (const _ of replay);
      expect(replay.findings.map(({ kind }) => kind)).toEqual(kinds);
    }
    writeFileSync(join(dir, `snapshot-${'5'.padStart(16, '0')}.ndjson`), 'damaged');
    const { findings } = await recover(nodeFiles, dir, systemClock);
    expect(findings.map(({ kind }) => kind)).toEqual(['snapshot', 'record', 'record', 'record', 'missing']);
  });
});

describe('what was on the device', () => {
  /** `synced` of each record, by the records' numbers. */
  async function told(dir: string): Promise<Record<number, unknown>> {
    const { lines: found } = await replayAll(dir);
    return Object.fromEntries(found.flatMap(({ meta }) => (meta.synced ? [[meta.seq, meta.synced]] : [])));
  }

  it('is told by the first record that is written after each sync, once', async () => {
    const dir = tempDir();
    const host = await openHost(dir, { durability: 'power' });
    await host.store.add(range(1, 3).map((n) => ({ id: `a${n}`, type: 'a', data: n })));
    await host.store.claim({ worker: 'w', limit: 2, wait: false });
    await host.store.claim({ worker: 'w', limit: 1, wait: false });
    await host.store.add([{ id: 'b', type: 'a', data: 0 }]);
    await host.kill();
    const again = await openHost(dir, { durability: 'power' });
    await again.store.add([{ id: 'c', type: 'a', data: 0 }]);
    await again.kill();
    // Adds 1 to 3, starts 4 to 6, which wait for nothing, add 7; then all of it was synced by the next opening.
    expect(await told(dir)).toEqual({ 4: 3, 8: 7 });
  });

  it('is nothing at process, until a segment is full: then it is synced, and nobody waits for that', async () => {
    const dir = tempDir();
    const journal = await openJournal(dir, { durability: 'process', segmentBytes: 300 });
    const log = new JournalLog(journal, () => {});
    const add = (seq: number): void =>
      log.write([
        {
          seq,
          at: 0,
          op: 'add',
          job: { id: `j${seq}`, type: 'a', priority: 5, maxAttempts: 1, maxCrashes: 1 },
          body: '0',
        },
      ]);
    for (const seq of [1, 2, 3]) add(seq);
    expect(journal.segment.name).toBe(segmentName(3));
    for (let turns = 0; journal.onDevice === 0; turns++) {
      expect(turns).toBeLessThan(100_000);
      await new Promise(setImmediate);
    }
    for (const seq of [4, 5]) add(seq);
    await journal.close();
    expect(await told(dir)).toEqual({ 4: 2 });
  });
});

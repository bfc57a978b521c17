import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineDecoder, LineEncoder } from './codec';
import { headerLine, segmentName } from './segment';
import { openHost } from './testing/journal-host';
import { batch, openJournal, range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

const lines = (first: number, last = first) => batch(first, last).lines;

/** A record that says up to where the journal was on the device when it was written. */
function vouching(seq: number, synced: number): Buffer {
  const encoder = new LineEncoder();
  encoder.add(JSON.stringify({ seq, synced, op: 'test' }), '0');
  return encoder.take();
}

/** A segment in which these lines (0 is the header) were never written. */
function segment(dir: string, first: number, batches: Buffer[], holes: number[]): Buffer {
  const bytes = Buffer.concat([headerLine({ first, epoch: 1, at: 1_738_200_000_000 }), ...batches]);
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

  it('in front of what a snapshot holds already', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), lines(3), lines(4)], [2]);
    expect(await replayAll(dir, 4)).toMatchObject({ seqs: [4], kinds: ['corrupt', 'missing'] });
  });

  it('in a segment that has a successor: that was begun when all before it was safe', async () => {
    const dir = tempDir();
    segment(dir, 1, [lines(1), lines(2), lines(3)], [2]);
    segment(dir, 4, [lines(4)], []);
    expect(await replayAll(dir)).toMatchObject({ seqs: [1, 3, 4], kinds: ['corrupt', 'missing'] });
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

  it('is nothing at process', async () => {
    const dir = tempDir();
    const host = await openHost(dir, { durability: 'process' });
    await host.store.add([{ id: 'a', type: 'a', data: 0 }]);
    await host.store.add([{ id: 'b', type: 'a', data: 0 }]);
    await host.kill();
    expect(await told(dir)).toEqual({});
  });
});

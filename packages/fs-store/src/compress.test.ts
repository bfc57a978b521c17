import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressSegments, pruneSegments } from './compress';
import { nodeFiles } from './files';
import { headerLine, segmentName } from './segment';
import { faultyFiles } from './testing/faults';
import { batch, openJournal, range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

const DAY = 86_400_000;
const NOW = 1_738_200_000_000;

/** Segments of ten records each, the newest (of three) written `NOW`, the others a day before each other. */
function journalDir(segments = 3): string {
  const dir = tempDir();
  for (let i = 0; i < segments; i++) {
    const first = i * 10 + 1;
    const path = join(dir, segmentName(first));
    const batches = range(first, first + 9).map((seq) => batch(seq, seq, 'filler '.repeat(100)).lines);
    writeFileSync(path, Buffer.concat([headerLine({ first, epoch: 1, at: NOW }), ...batches]));
    nodeFiles.utimesSync(path, NOW - (segments - 1 - i) * DAY);
  }
  return dir;
}

const gz = (first: number) => `${segmentName(first)}.gz`;

describe('compressing', () => {
  it('packs the segments before a number, keeps their content and their age, and never the last', async () => {
    const dir = journalDir();
    const plain = readFileSync(join(dir, segmentName(1)));
    expect(await compressSegments(nodeFiles, dir, { before: 1_000 })).toEqual([segmentName(1), segmentName(11)]);
    expect(readdirSync(dir).sort()).toEqual([gz(1), gz(11), segmentName(21)]);
    expect(gunzipSync(readFileSync(join(dir, gz(1))))).toEqual(plain);
    expect(readFileSync(join(dir, gz(1))).length).toBeLessThan(plain.length / 3);
    expect(Math.round(nodeFiles.statSync(join(dir, gz(1))).mtimeMs)).toBe(NOW - 2 * DAY);
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 30), findings: [] });
    expect(await compressSegments(nodeFiles, dir, { before: 1_000 })).toEqual([]);
  });

  it.each([
    [10, []],
    [11, [segmentName(1)]],
    [20, [segmentName(1)]],
    [21, [segmentName(1), segmentName(11)]],
  ])('leaves segments that a replay from %i needs', async (before, packed) => {
    expect(await compressSegments(nodeFiles, journalDir(), { before })).toEqual(packed);
  });

  it('has the packed file on the device before the plain one goes', async () => {
    const files = faultyFiles();
    await compressSegments(files, journalDir(), { before: 11, level: 1 });
    const calls = files.calls
      .map(({ call }) => call)
      .filter((call) => !['read', 'write', 'openSync', 'closeSync'].includes(call));
    expect(calls.slice(calls.indexOf('fsync'))).toEqual(['fsync', 'utimesSync', 'renameSync', 'syncDir', 'unlinkSync']);
  });

  it.each(['openSync', 'read', 'write', 'fsync', 'utimesSync', 'renameSync', 'syncDir', 'unlinkSync'] as const)(
    'loses nothing when %s fails, and is done the next time',
    async (bad) => {
      const dir = journalDir();
      const files = faultyFiles((call) => (call === bad ? 'EIO' : undefined));
      await expect(compressSegments(files, dir, { before: 21 })).rejects.toMatchObject({ code: 'EIO' });
      expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 30), findings: [] });
      expect(await compressSegments(nodeFiles, dir, { before: 21 })).toHaveLength(2);
      expect(readdirSync(dir).sort()).toEqual([gz(1), gz(11), segmentName(21)]);
      expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 30), findings: [] });
    },
  );

  it('keeps a finished file when the plain one beside it was damaged since', async () => {
    const dir = journalDir();
    const plain = join(dir, segmentName(1));
    const packed = gzipSync(readFileSync(plain));
    writeFileSync(`${plain}.gz`, packed);
    truncateSync(plain, 200);
    const files = faultyFiles();
    expect(await compressSegments(files, dir, { before: 11 })).toEqual([segmentName(1)]);
    expect(readFileSync(`${plain}.gz`)).toEqual(packed);
    // Who finished it may have died before its name was on the device.
    const calls = files.calls.map(({ call }) => call).filter((call) => call === 'syncDir' || call === 'unlinkSync');
    expect(calls).toEqual(['syncDir', 'unlinkSync']);
  });

  it('keeps a damaged segment as it is, to be looked at', async () => {
    const dir = journalDir();
    const plain = join(dir, segmentName(1));
    truncateSync(plain, 500);
    const bytes = readFileSync(plain);
    await compressSegments(nodeFiles, dir, { before: 11 });
    expect(gunzipSync(readFileSync(`${plain}.gz`))).toEqual(bytes);
  });

  it('goes on while the journal is written, without touching its segment', async () => {
    const dir = journalDir();
    const journal = await openJournal(dir, { segmentBytes: 3_000 });
    const running = journal.compress({ before: 21 });
    while (journal.next <= 60) {
      journal.append(batch(journal.next));
      await journal.sync();
    }
    await running;
    await journal.compress({ before: journal.next });
    await journal.close();
    expect(readdirSync(dir).filter((name) => name.endsWith('.ndjson'))).toEqual([
      journal.segment.name || expect.any(String),
    ]);
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 60), findings: [] });
  });
});

describe('retention', () => {
  async function packedDir(): Promise<string> {
    const dir = journalDir(5);
    await compressSegments(nodeFiles, dir, { before: 41 });
    return dir;
  }
  const left = (dir: string) => readdirSync(dir).sort();
  const all = [gz(1), gz(11), gz(21), gz(31), segmentName(41)];

  it('without limits removes nothing', async () => {
    const dir = await packedDir();
    expect(await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW + 1_000 * DAY })).toEqual([]);
    expect(left(dir)).toEqual(all);
  });

  it('by age removes what ended before, and never what is not compressed', async () => {
    const dir = await packedDir();
    expect(await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW, maxAge: 2.5 * DAY })).toEqual([
      gz(1),
      gz(11),
    ]);
    expect(left(dir)).toEqual(all.slice(2));
    await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW + 100 * DAY, maxAge: DAY });
    expect(left(dir)).toEqual([segmentName(41)]);
  });

  it('by bytes removes the oldest until the rest fits', async () => {
    const dir = await packedDir();
    const sizes = all.slice(0, 4).map((name) => nodeFiles.statSync(join(dir, name)).size);
    const maxBytes = (sizes[2] as number) + (sizes[3] as number);
    expect(await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW, maxBytes })).toEqual([gz(1), gz(11)]);
    expect(await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW, maxBytes })).toEqual([]);
  });

  it('keeps what a replay needs, whatever the limits say', async () => {
    const dir = await packedDir();
    expect(await pruneSegments(nodeFiles, dir, { before: 25, now: NOW, maxBytes: 0, maxAge: 0 })).toEqual([
      gz(1),
      gz(11),
    ]);
    expect(await replayAll(dir, 25)).toMatchObject({ seqs: range(25, 50), findings: [] });
  });

  it('never makes a gap: behind a segment that stays all stay', async () => {
    const dir = journalDir(4);
    await compressSegments(nodeFiles, dir, { before: 31 });
    writeFileSync(join(dir, segmentName(11)), gunzipSync(readFileSync(join(dir, gz(11)))));
    expect(await pruneSegments(nodeFiles, dir, { before: 1_000, now: NOW, maxBytes: 0 })).toEqual([gz(1)]);
  });
});

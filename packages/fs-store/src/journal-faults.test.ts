import { readdirSync } from 'node:fs';
import { StoreWriteError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import type { Journal } from './journal';
import { segmentName } from './segment';
import { faultyFiles, type Plan } from './testing/faults';
import { batch, bodyFor, openJournal, range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

/** Appends batches of `size` records up to `last`. */
function fill(journal: Journal, last: number, size = 1, filler = ''): void {
  while (journal.next <= last) journal.append(batch(journal.next, Math.min(last, journal.next + size - 1), filler));
}

describe('a sync that fails', () => {
  const failing = (call: string) => call === 'fdatasync' || call === 'fsync' || call === 'syncDir';

  it('once: the batches go to a new segment, and nobody notices', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 3);
    await journal.sync();
    const place = journal.append(batch(4));
    files.plan = (call) => (call === 'fdatasync' ? 'EIO' : undefined);
    await journal.sync();
    expect(journal.broken).toBeNull();
    expect(readdirSync(dir)).toEqual([segmentName(1), segmentName(4)]);
    const bodyStart = batch(4).lines.indexOf('{"n"');
    expect(journal.readBody(place.segment, place.offset + bodyStart, bodyFor(4).length)).toBe(bodyFor(4));
    files.plan = undefined;
    fill(journal, 6);
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 6));
    expect(findings).toEqual([]);
  });

  it('leaves bodies readable by their old place, when the segment they were in is compressed too', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 3);
    await journal.sync();
    const place = journal.append(batch(4));
    files.plan = (call) => (call === 'fdatasync' ? 'EIO' : undefined);
    await journal.sync();
    files.plan = undefined;
    expect(await journal.compress({ before: 4 })).toEqual([place.segment]);
    const bodyStart = batch(4).lines.indexOf('{"n"');
    expect(journal.readBody(place.segment, place.offset + bodyStart, bodyFor(4).length)).toBe(bodyFor(4));
    await journal.close();
  });

  it('is never tried again on the same descriptor', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), {}, files);
    const asked: unknown[] = [];
    let fail = true;
    files.plan = (call, [fd]) => {
      if (!failing(call) || call === 'syncDir') return undefined;
      asked.push(fd);
      const fault = fail ? 'EIO' : undefined;
      return fault;
    };
    fill(journal, 2);
    await expect(journal.sync()).rejects.toThrow(StoreWriteError);
    expect(new Set(asked).size).toBe(2);
    expect(asked).toHaveLength(2);
    fail = false;
    await journal.repair();
    await journal.close();
  });

  it.each([
    ['the sync of the new segment', 'fsync'],
    ['the sync of the folder', 'syncDir'],
    ['the writing of the new segment', 'writeSync'],
    ['the creation of the new segment', 'openSync'],
    ['the naming of the new segment', 'renameSync'],
  ])('twice (with %s): the journal is broken until it is repaired, and loses nothing', async (_what, second) => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 5);
    await journal.sync();
    fill(journal, 8);
    files.plan = (call) => (call === 'fdatasync' || call === second ? 'EIO' : undefined);
    const waiting = [journal.sync(), journal.sync()];
    for (const sync of waiting)
      await expect(sync).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: { code: 'EIO' } });
    expect(journal.broken).toBeInstanceOf(StoreWriteError);
    expect(journal.synced).toBe(false);
    expect(() => fill(journal, 9)).toThrow(StoreWriteError);
    await expect(journal.sync()).rejects.toThrow(StoreWriteError);
    await expect(journal.repair()).rejects.toThrow(StoreWriteError);
    files.plan = undefined;
    await journal.repair();
    expect(journal.broken).toBeNull();
    expect(journal.synced).toBe(true);
    fill(journal, 10);
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 10));
    expect(findings).toEqual([]);
  });

  it('twice, and the process ends: what was acknowledged is there', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 5);
    await journal.sync();
    fill(journal, 8);
    files.plan = (call) => (failing(call) ? 'EIO' : undefined);
    await expect(journal.close()).rejects.toThrow(StoreWriteError);
    const { seqs, findings } = await replayAll(dir);
    expect(seqs.slice(0, 5)).toEqual(range(1, 5));
    expect(findings).toEqual([]);
  });

  it('before the first one succeeded: the segment is replaced under its name, and no place changes', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, { epoch: 99_999 }, files);
    const place = journal.append(batch(1, 3));
    files.plan = (call) => (call === 'fdatasync' ? 'EIO' : undefined);
    await journal.sync();
    files.plan = undefined;
    expect(journal.segment.name).toBe(place.segment);
    const bodyStart = batch(1, 3).lines.indexOf('{"n"');
    expect(journal.readBody(place.segment, place.offset + bodyStart, bodyFor(1).length)).toBe(bodyFor(1));
    await journal.close();
    expect((await replayAll(dir)).seqs).toEqual([1, 2, 3]);
  });

  it('keeps what is appended while it is under way', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 1);
    await journal.sync();
    fill(journal, 2);
    files.plan = (call, _args, nth) => (call === 'fdatasync' && nth === 1 ? 'EIO' : undefined);
    const first = journal.sync();
    fill(journal, 4);
    const second = journal.sync();
    await Promise.all([first, second]);
    await journal.close();
    expect((await replayAll(dir)).seqs).toEqual(range(1, 4));
  });

  it('does not count when the segment was left under way, because a write went wrong', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, {}, files);
    fill(journal, 2);
    const running = journal.sync();
    let writes = 0;
    files.plan = (call) => {
      if (call === 'ftruncateSync') return 'EIO';
      return call !== 'writeSync' ? undefined : ++writes === 1 ? { short: 30 } : 'ENOSPC';
    };
    expect(() => fill(journal, 3)).toThrow(StoreWriteError);
    files.plan = undefined;
    fill(journal, 4);
    const before = files.calls.length;
    await running;
    // The new segment holds what the running sync had covered, so it was synced too.
    expect(files.calls.slice(before).map(({ call }) => call)).toEqual(expect.arrayContaining(['fsync', 'syncDir']));
    expect(journal.synced).toBe(true);
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 4));
    expect(findings).toEqual([]);
  });
});

it('what a failed write left behind and could not be cut off is cut off at the end, for no replay to take it', async () => {
  const dir = tempDir();
  const files = faultyFiles();
  const journal = await openJournal(dir, { durability: 'process' }, files);
  fill(journal, 2);
  const whole = batch(3).lines.length;
  let writes = 0;
  files.plan = (call) => {
    if (call === 'ftruncateSync') return 'EIO';
    return call !== 'writeSync' ? undefined : ++writes === 1 ? { short: whole + 5 } : 'ENOSPC';
  };
  // Two records that are not one batch: the first one is whole.
  const lines = Buffer.concat([batch(3).lines, batch(4).lines]);
  expect(() => journal.append({ lines, first: 3, last: 4 })).toThrow(StoreWriteError);
  files.plan = undefined;
  await journal.close();
  expect((await replayAll(dir)).seqs).toEqual([1, 2]);
});

describe('a disk that fails anywhere', () => {
  const calls = [
    'openSync',
    'writeSync',
    'ftruncateSync',
    'renameSync',
    'lstatSync',
    'fsync',
    'fdatasync',
    'syncDir',
  ] as const;

  it.each(calls)('in %s, once, at any time, loses nothing that was acknowledged', async (bad) => {
    for (let nth = 0; nth < 12; nth++) {
      const dir = tempDir();
      const files = faultyFiles();
      const journal = await openJournal(dir, { segmentBytes: 600 }, files);
      let seen = 0;
      const plan: Plan = (call) => (call === bad && seen++ === nth ? 'ENOSPC' : undefined);
      files.plan = plan;
      let acknowledged = 0;
      for (let round = 0; round < 12; round++) {
        try {
          fill(journal, journal.next + 2, 3);
          const upTo = journal.next - 1;
          await journal.sync();
          acknowledged = upTo;
        } catch (error) {
          expect(error).toBeInstanceOf(StoreWriteError);
          await journal.repair();
        }
      }
      await journal.close();
      const { seqs, findings, end } = await replayAll(dir);
      expect(seqs, `${bad} ${nth}`).toEqual(range(1, end.next - 1));
      expect(end.next, `${bad} ${nth}`).toBeGreaterThan(acknowledged);
      expect(findings, `${bad} ${nth}`).toEqual([]);
    }
  });
});

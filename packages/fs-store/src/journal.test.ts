import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreClosedError, StoreWriteError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { LineDecoder, LineEncoder } from './codec';
import { nodeFiles } from './files';
import type { Journal } from './journal';
import { segmentName } from './segment';
import { faultyFiles } from './testing/faults';
import { batch, bodyFor, openJournal, range, replayAll } from './testing/records';
import { tempDir } from './testing/temp-dir';

/** Appends batches of `size` records up to `last`. */
function fill(journal: Journal, last: number, size = 1, filler = ''): void {
  while (journal.next <= last) journal.append(batch(journal.next, Math.min(last, journal.next + size - 1), filler));
}

describe.each(['power', 'process'] as const)('a journal at %s', (durability) => {
  it('gives back what was appended, across segments and owners', async () => {
    const dir = tempDir();
    for (const owner of [1, 2, 3]) {
      const journal = await openJournal(dir, { durability, segmentBytes: 2_000 });
      expect(journal.next).toBe((owner - 1) * 100 + 1);
      for (let last = journal.next + 4; last <= owner * 100; last += 5) {
        fill(journal, last, 2);
        if (last % 2 === 0) await journal.sync();
      }
      await journal.sync();
      expect(journal.synced).toBe(true);
      await journal.close();
    }
    const { seqs, bodies, findings, end } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 300));
    expect(bodies).toEqual(range(1, 300).map((seq) => bodyFor(seq)));
    expect(findings).toEqual([]);
    expect(end.next).toBe(301);
    expect(end.epoch).toBe(3);
    expect(readdirSync(dir).length).toBeGreaterThan(5);
  });

  it('starts each segment with a header that says what it is', async () => {
    const dir = tempDir();
    const journal = await openJournal(dir, { durability, epoch: 7, now: () => 1_738_200_000_000 });
    fill(journal, 3);
    await journal.close();
    const [header] = new LineDecoder().push(readFileSync(join(dir, '0000000000000001.ndjson')));
    expect(header).toMatchObject({ meta: { op: 'segment', format: 1, first: 1, epoch: 7, at: 1_738_200_000_000 } });
    if (process.platform !== 'win32') expect(statSync(join(dir, '0000000000000001.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('goes on in the last segment instead of making one per owner', async () => {
    const dir = tempDir();
    for (let owner = 1; owner <= 5; owner++) {
      const journal = await openJournal(dir, { durability });
      fill(journal, owner);
      await journal.close();
    }
    expect(readdirSync(dir)).toEqual(['0000000000000001.ndjson']);
    expect((await replayAll(dir)).seqs).toEqual(range(1, 5));
  });

  it('reads bodies where append put them, also while the segment grows and after it was left', async () => {
    const dir = tempDir();
    const journal = await openJournal(dir, { durability, segmentBytes: 300_000 });
    const filler = 'x'.repeat(1_000);
    const places: [segment: string, offset: number, length: number][] = [];
    while (journal.next <= 1_000) {
      const seq = journal.next;
      const encoder = new LineEncoder();
      encoder.add(JSON.stringify({ seq }), bodyFor(seq, filler));
      const place = journal.append({ lines: encoder.take(), first: seq, last: seq });
      places.push([place.segment, place.offset + encoder.bodyStart, encoder.bodyLength]);
      expect(journal.readBody(...(places[seq - 1] as [string, number, number]))).toBe(bodyFor(seq, filler));
      if (seq % 97 === 0) await journal.sync();
    }
    await journal.sync();
    for (const [i, place] of places.entries()) expect(journal.readBody(...place)).toBe(bodyFor(i + 1, filler));
    expect(new Set(places.map(([segment]) => segment)).size).toBeGreaterThan(2);
    await journal.close();
  });

  it('refuses numbers that do not follow, and everything after close', async () => {
    const journal = await openJournal(tempDir(), { durability });
    expect(() => journal.append(batch(2))).toThrow(RangeError);
    fill(journal, 1);
    expect(() => journal.append(batch(1))).toThrow(RangeError);
    expect(journal.close()).toBe(journal.close());
    await journal.close();
    expect(() => journal.append(batch(2))).toThrow(StoreClosedError);
    await expect(journal.repair()).rejects.toThrow(StoreClosedError);
  });

  it('leaves nothing of a batch that did not fit on the disk, at whatever byte it broke off', async () => {
    const dir = tempDir();
    const { lines } = batch(3, 5);
    const files = faultyFiles();
    const journal = await openJournal(dir, { durability }, files);
    fill(journal, 2);
    for (let cut = 0; cut < lines.length; cut++) {
      let writes = 0;
      files.plan = (call) => (call !== 'writeSync' ? undefined : ++writes === 1 && cut > 0 ? { short: cut } : 'ENOSPC');
      expect(() => journal.append(batch(3, 5))).toThrow(StoreWriteError);
      expect(journal.next).toBe(3);
    }
    files.plan = undefined;
    expect((await replayAll(dir)).findings).toEqual([]);
    journal.append(batch(3, 5));
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 5));
    expect(findings).toEqual([]);
  });

  it('names the cause of a failed write and what to do', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), { durability }, files);
    files.plan = (call) => (call === 'writeSync' ? 'ENOSPC' : undefined);
    expect(() => fill(journal, 1)).toThrow(
      expect.objectContaining({
        code: 'WRITE_FAILED',
        cause: expect.objectContaining({ code: 'ENOSPC' }),
        message: expect.stringContaining('Make room'),
      }),
    );
    files.plan = undefined;
    fill(journal, 1);
    await journal.close();
  });

  it('abandons a segment whose failed write cannot be cut off', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, { durability }, files);
    fill(journal, 4);
    await journal.sync();
    fill(journal, 6);
    let writes = 0;
    files.plan = (call) => {
      if (call === 'ftruncateSync') return 'EIO';
      return call !== 'writeSync' ? undefined : ++writes === 1 ? { short: 90 } : 'ENOSPC';
    };
    expect(() => journal.append(batch(7, 9))).toThrow(StoreWriteError);
    // Nor is there room for another segment.
    expect(() => journal.append(batch(7, 9))).toThrow(StoreWriteError);
    files.plan = (call) => (call === 'ftruncateSync' ? 'EIO' : undefined);
    journal.append(batch(7, 9));
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 9));
    expect(findings).toEqual([]);
    expect(readdirSync(dir)).toHaveLength(2);
  });

  it('sets a file aside that stands where the next segment goes and that no replay could use', async () => {
    const dir = tempDir();
    writeFileSync(join(dir, segmentName(1)), 'not a segment');
    const journal = await openJournal(dir, { durability });
    fill(journal, 2);
    await journal.close();
    expect((await replayAll(dir)).seqs).toEqual([1, 2]);
    expect(readFileSync(join(dir, `${segmentName(1)}.1.bad`), 'utf8')).toBe('not a segment');
  });

  it('goes on in a new segment where a crash tore the end of one, and leaves that as it is', async () => {
    const dir = tempDir();
    const first = await openJournal(dir, { durability });
    fill(first, 3);
    await first.close();
    appendFileSync(join(dir, segmentName(1)), batch(4, 6).lines.subarray(0, 150));
    const torn = readFileSync(join(dir, segmentName(1)));
    const second = await openJournal(dir, { durability });
    expect(second).toMatchObject({ next: 4, segment: { name: segmentName(4) } });
    await second.close();
    expect((await replayAll(dir)).findings).toEqual([]);
    const third = await openJournal(dir, { durability });
    fill(third, 5);
    await third.close();
    expect(readFileSync(join(dir, segmentName(1)))).toEqual(torn);
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 5));
    expect(findings).toEqual([]);
  });

  it('opens where a crash tore the end although there is no room for a new segment yet', async () => {
    const dir = tempDir();
    const first = await openJournal(dir, { durability });
    fill(first, 3);
    await first.close();
    appendFileSync(join(dir, segmentName(1)), batch(4, 6).lines.subarray(0, 150));
    const files = faultyFiles((call) => (call === 'writeSync' ? 'ENOSPC' : undefined));
    const second = await openJournal(dir, { durability }, files);
    expect(() => fill(second, 4)).toThrow(StoreWriteError);
    files.plan = undefined;
    fill(second, 5);
    await second.close();
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 5), findings: [] });
  });

  it('goes on in a new segment after a write that failed: a power cut may bring a part of it back', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, { durability }, files);
    fill(journal, 2);
    await journal.sync();
    let writes = 0;
    files.plan = (call) => (call !== 'writeSync' ? undefined : ++writes === 1 ? { short: 150 } : 'ENOSPC');
    expect(() => journal.append(batch(3, 5))).toThrow(StoreWriteError);
    files.plan = undefined;
    fill(journal, 4);
    expect(journal.segment.name).toBe(segmentName(3));
    await journal.close();
    appendFileSync(join(dir, segmentName(1)), batch(3, 5).lines.subarray(0, 150));
    expect(await replayAll(dir)).toMatchObject({ seqs: range(1, 4), findings: [] });
  });

  it('makes sure when it is closed that a write that failed does not come back', async () => {
    const dir = tempDir();
    const files = faultyFiles();
    const journal = await openJournal(dir, { durability }, files);
    fill(journal, 2);
    await journal.sync();
    const { length } = readFileSync(join(dir, segmentName(1)));
    const calls: string[] = [];
    let writes = 0;
    files.plan = (call) => {
      calls.push(call);
      return call !== 'writeSync' ? undefined : ++writes === 1 ? { short: 150 } : 'ENOSPC';
    };
    expect(() => journal.append(batch(3, 5))).toThrow(StoreWriteError);
    await journal.close();
    expect(readFileSync(join(dir, segmentName(1)))).toHaveLength(length);
    expect(calls.slice(-3)).toEqual(['ftruncateSync', 'fsync', 'closeSync']);
  });

  it('removes what a crash left of unfinished files', async () => {
    const dir = tempDir();
    for (const name of ['.0000000000000001.ndjson.99-1.tmp', '0000000000000001.ndjson.gz.tmp'])
      writeFileSync(join(dir, name), 'x');
    const journal = await openJournal(dir, { durability });
    await journal.close();
    expect(readdirSync(dir)).toEqual([segmentName(1)]);
  });

  it.each(['readdirSync', 'openSync', 'writeSync', 'renameSync'] as const)(
    'says so when it cannot be opened for %s',
    async (bad) => {
      const dir = tempDir();
      const files = faultyFiles((call) => (call === bad ? 'EROFS' : undefined));
      await expect(openJournal(dir, { durability }, files)).rejects.toMatchObject({
        code: 'WRITE_FAILED',
        cause: { code: 'EROFS' },
      });
      expect(readdirSync(dir)).toEqual([]);
    },
  );
});

describe('the sync of a journal', () => {
  it('has nothing to do at process', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), { durability: 'process' }, files);
    fill(journal, 10);
    await journal.sync();
    await journal.close();
    expect(files.calls.filter(({ call }) => call.includes('sync') && !call.endsWith('Sync'))).toEqual([]);
  });

  it('puts a new segment and its name on the device before anything in it counts', async () => {
    const files = faultyFiles();
    const dir = tempDir();
    const journal = await openJournal(dir, {}, files);
    const calls = files.calls.map(({ call }) => call);
    expect(calls.slice(calls.indexOf('writeSync'))).toEqual([
      'writeSync',
      'lstatSync',
      'renameSync',
      'fsync',
      'syncDir',
    ]);
    // Without its own name the folder is lost with all that is in it.
    expect(files.calls.flatMap(({ call, args }) => (call === 'syncDir' ? [args[0]] : []))).toContain(dirname(dir));
    await journal.close();
  });

  it('is shared: one under way, one for all who come meanwhile', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), {}, files);
    const syncs = () => files.calls.filter(({ call }) => call === 'fdatasync').length;
    const done: Promise<void>[] = [];
    for (let seq = 1; seq <= 50; seq++) {
      fill(journal, seq);
      done.push(journal.sync());
    }
    await Promise.all(done);
    expect(syncs()).toBe(2);
    await journal.sync();
    expect(syncs()).toBe(2);
    await journal.close();
  });

  it('of each call starts after what the call appended was written', async () => {
    const starts: number[] = [];
    const journal = await openJournal(
      tempDir(),
      {},
      {
        ...nodeFiles,
        fdatasync: (fd) => {
          starts.push(journal.next);
          return nodeFiles.fdatasync(fd);
        },
      },
    );
    const sync = async (seq: number) => {
      fill(journal, seq);
      await journal.sync();
      expect(Math.max(...starts)).toBeGreaterThan(seq);
    };
    await Promise.all(range(1, 20).map(sync));
    await journal.close();
  });

  it('joins the one under way when nothing was appended since it started', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), {}, files);
    fill(journal, 1);
    expect(journal.sync()).toBe(journal.sync());
    await journal.close();
    expect(files.calls.filter(({ call }) => call === 'fdatasync')).toHaveLength(1);
  });

  it('comes by itself when much is appended that nobody waits for', async () => {
    const files = faultyFiles();
    const journal = await openJournal(tempDir(), {}, files);
    const syncs = () => files.calls.filter(({ call }) => call === 'fdatasync').length;
    fill(journal, 8, 1, 'x'.repeat(1_000_000));
    expect(syncs()).toBe(0);
    fill(journal, 10, 1, 'x'.repeat(1_000_000));
    expect(syncs()).toBe(1);
    await journal.close();
  });

  it('moves to the next segment under load that never pauses', async () => {
    const dir = tempDir();
    const journal = await openJournal(dir, { segmentBytes: 4_000 });
    for (let round = 0; round < 40; round++) {
      const running = journal.sync();
      fill(journal, journal.next + 9);
      void journal.sync();
      await running;
    }
    await journal.close();
    const { seqs, findings } = await replayAll(dir);
    expect(seqs).toEqual(range(1, 400));
    expect(findings).toEqual([]);
    expect(readdirSync(dir).length).toBeGreaterThan(5);
  });
});

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Job } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { Archive, type ArchiveLimits, type ArchiveLine, type FinishedJob } from './archive';
import type { Files } from './files';
import { nodeFiles } from './files';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';

const START = Date.parse('2025-01-30T12:00:00Z');
const DAY = 24 * 60 * 60 * 1000;

function job(id: string, finished: string, data: unknown = null): Job {
  return { id, type: 'a', status: 'completed', data, finished, updated: finished } as Job;
}

/** {@link job}, as the archive takes it. */
function finished(...args: Parameters<typeof job>): FinishedJob {
  const finishedJob = job(...args);
  return { finished: Date.parse(finishedJob.finished as string), text: JSON.stringify(finishedJob) };
}

function setUp({ files = nodeFiles, limits = {} }: { files?: Files; limits?: Partial<ArchiveLimits> } = {}) {
  const dir = join(tempDir(), 'archive');
  const clock = new FakeClock(START);
  return { dir, clock, archive: new Archive(dir, files, clock, limits) };
}

async function all(lines: AsyncGenerator<ArchiveLine>): Promise<ArchiveLine[]> {
  const read: ArchiveLine[] = [];
  for await (const line of lines) read.push(line);
  return read;
}

const idsOf = async (archive: Archive, day: string) =>
  (await all(archive.read(day))).map((line) => ('job' in line ? line.job.id : line.fault));

describe('the archive', () => {
  it('keeps finished jobs by the UTC day on which they finished, for the owner alone', async () => {
    const { dir, archive } = setUp();
    archive.append([
      finished('a', '2025-01-29T23:59:59.999Z'),
      finished('b', '2025-01-30T00:00:00.000Z', { text: 'ünï\n' }),
    ]);
    archive.append([finished('c', '2025-01-29T10:00:00.000Z')]);
    expect(readdirSync(dir).sort()).toEqual(['2025-01-29.ndjson', '2025-01-30.ndjson']);
    if (process.platform !== 'win32') expect(statSync(join(dir, '2025-01-29.ndjson')).mode & 0o777).toBe(0o600);
    expect(await idsOf(archive, '2025-01-29')).toEqual(['a', 'c']);
    expect(await all(archive.read('2025-01-30'))).toEqual([
      { job: job('b', '2025-01-30T00:00:00.000Z', { text: 'ünï\n' }) },
    ]);
    expect(await idsOf(archive, '2025-01-31')).toEqual([]);
  });

  it('writes once per call and day', () => {
    const files = faultyFiles();
    const { archive } = setUp({ files });
    archive.append(Array.from({ length: 1_000 }, (_, i) => finished(`j${i}`, '2025-01-30T10:00:00.000Z')));
    expect(files.calls.filter(({ call }) => call === 'writeSync')).toHaveLength(1);
  });

  it('is there after a power cut, also when its whole folder had to be made again', async () => {
    const files = faultyFiles();
    const { dir, archive } = setUp({ files });
    const synced = () => files.calls.flatMap(({ call, args }) => (call === 'syncDir' ? [args[0]] : []));
    archive.append([finished('a', '2025-01-30T10:00:00.000Z')]);
    await archive.sync();
    expect(synced()).toEqual([dirname(dir), dir]);
    archive.append([finished('b', '2025-01-30T10:00:00.000Z')]);
    await archive.sync();
    expect(synced()).toEqual([dirname(dir), dir, dir]);
  });

  it('takes nothing of a day when the disk is full in the middle of it', async () => {
    const files = faultyFiles((call, _args, n) =>
      call !== 'writeSync' ? undefined : n === 1 ? { short: 30 } : n === 2 ? 'ENOSPC' : undefined,
    );
    const { archive } = setUp({ files });
    archive.append([finished('a', '2025-01-30T10:00:00.000Z')]);
    expect(() => archive.append([finished('b', '2025-01-30T10:00:00.000Z')])).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    archive.append([finished('c', '2025-01-30T10:00:00.000Z')]);
    expect(await idsOf(archive, '2025-01-30')).toEqual(['a', 'c']);
  });

  it('does not let a line that a crash cut off swallow the next one, and reports it', async () => {
    const { dir, archive } = setUp();
    archive.append([finished('a', '2025-01-30T10:00:00.000Z')]);
    const file = join(dir, '2025-01-30.ndjson');
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"id":"torn","ty`);
    archive.append([finished('b', '2025-01-30T10:00:00.000Z')]);
    expect(await idsOf(archive, '2025-01-30')).toEqual([
      'a',
      { file: '2025-01-30.ndjson', line: 2, message: expect.stringContaining('not JSON') },
      'b',
    ]);
  });

  it('syncs what it appended, and again when that failed', async () => {
    const files = faultyFiles((call, _args, n) => (call === 'fsync' && n === 0 ? 'EIO' : undefined));
    const { dir, archive } = setUp({ files });
    archive.append([finished('a', '2025-01-29T10:00:00.000Z'), finished('b', '2025-01-30T10:00:00.000Z')]);
    await expect(archive.sync()).rejects.toMatchObject({ code: 'EIO' });
    await archive.sync();
    await archive.sync();
    expect(files.calls.filter(({ call }) => call === 'fsync')).toHaveLength(3);
    expect(files.calls.filter(({ call, args }) => call === 'syncDir' && args[0] === dir)).toHaveLength(1);
  });
});

describe('compression', () => {
  it('takes the days before yesterday, and later jobs of such a day as another part', async () => {
    const { dir, clock, archive } = setUp();
    archive.append(['28', '29', '30'].map((day) => finished(`on-${day}`, `2025-01-${day}T10:00:00.000Z`)));
    await archive.compress();
    expect(readdirSync(dir).sort()).toEqual(['2025-01-28.1.ndjson.gz', '2025-01-29.ndjson', '2025-01-30.ndjson']);
    archive.append([finished('late', '2025-01-28T10:00:01.000Z')]);
    expect(await idsOf(archive, '2025-01-28')).toEqual(['on-28', 'late']);
    await clock.advance(DAY);
    await archive.compress();
    expect(readdirSync(dir).sort()).toEqual([
      '2025-01-28.1.ndjson.gz',
      '2025-01-28.2.ndjson.gz',
      '2025-01-29.1.ndjson.gz',
      '2025-01-30.ndjson',
    ]);
    expect(await idsOf(archive, '2025-01-28')).toEqual(['on-28', 'late']);
    if (process.platform !== 'win32') expect(statSync(join(dir, '2025-01-28.2.ndjson.gz')).mode & 0o777).toBe(0o600);
  });

  it('keeps large days whole', async () => {
    const { dir, archive } = setUp();
    const args = Array.from(
      { length: 3_000 },
      (_, i) => [`j${i}`, '2025-01-01T10:00:00.000Z', `é${'x'.repeat(i)}`] as const,
    );
    archive.append(args.map((one) => finished(...one)));
    await archive.compress();
    expect(readdirSync(dir)).toEqual(['2025-01-01.1.ndjson.gz']);
    expect((await all(archive.read('2025-01-01'))).map((line) => 'job' in line && line.job)).toEqual(
      args.map((one) => job(...one)),
    );
  });

  it('runs once at a time', async () => {
    const { archive } = setUp();
    archive.append([finished('a', '2025-01-01T10:00:00.000Z')]);
    await Promise.all([archive.compress(), archive.compress()]);
    expect(await idsOf(archive, '2025-01-01')).toEqual(['a']);
  });

  // Every call of a round fails once, as if the process had died there; what the next process finds must be whole.
  it('loses and doubles nothing wherever it is interrupted', async () => {
    const recorder = faultyFiles();
    const first = setUp({ files: recorder });
    first.archive.append([finished('a', '2025-01-01T10:00:00.000Z'), finished('b', '2025-01-01T10:00:00.000Z')]);
    const before = recorder.calls.length;
    await first.archive.compress();
    const total = recorder.calls.length - before;
    expect(total).toBeGreaterThan(8);
    for (let dead = 0; dead < total; dead++) {
      let calls = -1;
      // From the fatal call on nothing happens any more, not even the clean-up.
      const files = faultyFiles(() => (calls >= 0 && calls++ >= dead ? 'EIO' : undefined));
      const { dir, clock, archive } = setUp({ files });
      archive.append([finished('a', '2025-01-01T10:00:00.000Z'), finished('b', '2025-01-01T10:00:00.000Z')]);
      calls = 0;
      await archive.compress().catch(() => {});
      const next = new Archive(dir, nodeFiles, clock);
      expect(await idsOf(next, '2025-01-01'), `before, interrupted at call ${dead}`).toEqual(['a', 'b']);
      await next.compress();
      expect(await idsOf(next, '2025-01-01'), `after, interrupted at call ${dead}`).toEqual(['a', 'b']);
      expect(readdirSync(dir), `files, interrupted at call ${dead}`).toEqual(['2025-01-01.1.ndjson.gz']);
    }
  });

  it('has a part that another process compressed on the device before the plain one goes', async () => {
    const files = faultyFiles();
    const { dir, archive } = setUp({ files });
    archive.append([finished('a', '2025-01-01T10:00:00.000Z')]);
    const plain = join(dir, '2025-01-01.1.ndjson');
    files.renameSync(join(dir, '2025-01-01.ndjson'), plain);
    writeFileSync(`${plain}.gz`, gzipSync(readFileSync(plain)));
    const before = files.calls.length;
    await archive.compress();
    const calls = files.calls.slice(before).filter(({ call }) => call === 'syncDir' || call === 'unlinkSync');
    expect(calls).toEqual([
      { call: 'syncDir', args: [dir] },
      { call: 'unlinkSync', args: [plain] },
    ]);
    expect(await idsOf(archive, '2025-01-01')).toEqual(['a']);
  });

  it('stops when the archive is closed, and another one goes on', async () => {
    const { dir, clock, archive } = setUp();
    for (const day of ['01', '02', '03']) archive.append([finished(`on-${day}`, `2025-01-${day}T10:00:00.000Z`)]);
    const running = archive.compress();
    await archive.close();
    await running;
    expect(readdirSync(dir).some((name) => name.endsWith('.tmp'))).toBe(false);
    await new Archive(dir, nodeFiles, clock).compress();
    expect(readdirSync(dir).every((name) => name.endsWith('.ndjson.gz'))).toBe(true);
  });

  it('reports a compressed file that is damaged, and reads the rest', async () => {
    const { dir, archive } = setUp();
    archive.append([finished('c', '2025-01-01T10:00:00.000Z')]);
    const whole = gzipSync('{"id":"a"}\n{"id":"b"}\n');
    writeFileSync(join(dir, '2025-01-01.1.ndjson.gz'), whole.subarray(0, whole.length - 6));
    writeFileSync(join(dir, '2025-01-01.2.ndjson.gz'), 'no gzip at all');
    const found = await idsOf(archive, '2025-01-01');
    expect(found.filter((item) => typeof item === 'string')).toContain('c');
    expect(found.filter((item) => typeof item === 'object')).toEqual([
      { file: '2025-01-01.1.ndjson.gz', message: expect.stringContaining('Cannot be read') },
      { file: '2025-01-01.2.ndjson.gz', message: expect.stringContaining('Cannot be read') },
    ]);
  });
});

describe('the limits of the archive', () => {
  it('let go of days that are too old', async () => {
    const { archive } = setUp({ limits: { days: 10 } });
    archive.append(['10', '19', '20', '30'].map((day) => finished(`on-${day}`, `2025-01-${day}T10:00:00.000Z`)));
    await archive.compress();
    expect(archive.list().map(({ day }) => day)).toEqual(['2025-01-20', '2025-01-30']);
  });

  it('let go of the oldest when there are too many bytes, and never of the newest', async () => {
    const { archive } = setUp({ limits: { bytes: 6_000 } });
    const text = Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * 7_919) % 256)).toString('base64');
    for (const day of ['10', '11', '12']) archive.append([finished(`on-${day}`, `2025-01-${day}T10:00:00.000Z`, text)]);
    archive.append([finished('today', '2025-01-30T10:00:00.000Z', 'x'.repeat(5_900))]);
    await archive.compress();
    expect(archive.list().map(({ day }) => day)).toEqual(['2025-01-30']);
  });

  it('say what is there', async () => {
    const { dir, archive } = setUp();
    expect(archive.list()).toEqual([]);
    archive.append([finished('a', '2025-01-01T10:00:00.000Z'), finished('b', '2025-01-30T10:00:00.000Z')]);
    await archive.compress();
    writeFileSync(join(dir, 'notes.txt'), 'not ours');
    expect(archive.list()).toEqual([
      { name: '2025-01-01.1.ndjson.gz', day: '2025-01-01', part: 1, compressed: true, bytes: expect.any(Number) },
      { name: '2025-01-30.ndjson', day: '2025-01-30', part: undefined, compressed: false, bytes: expect.any(Number) },
    ]);
    expect(gunzipSync(readFileSync(join(dir, '2025-01-01.1.ndjson.gz'))).toString()).toBe(
      `${JSON.stringify(job('a', '2025-01-01T10:00:00.000Z'))}\n`,
    );
    expect(existsSync(join(dir, 'notes.txt'))).toBe(true);
  });
});

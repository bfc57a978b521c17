import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Job } from '@leviathan/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LineEncoder } from './codec';
import { doctor } from './doctor';
import type { DoctorReport } from './doctor-report';
import { type FsStore, fsStore } from './fs-store';
import type { FsStoreOptions } from './options';
import { faultyFiles } from './testing/faults';
import { tempDir } from './testing/temp-dir';
import { flipIn, treeOf } from './testing/tree';

/** A closed store with the jobs p1, p2 and p3 (pending), c (completed) and f (failed), in a journal of several segments. */
async function closed(): Promise<string> {
  const root = join(tempDir(), 'jobs');
  await open(root, async (store) => {
    for (const id of ['c', 'f', 'p1', 'p2', 'p3']) await store.add([{ id, type: 'a', data: { of: id } }]);
    const [c, f] = await store.claim({ worker: 'w', limit: 2, wait: false });
    if (!c || !f) throw new Error('There are no jobs.');
    await store.settle([{ id: 'c', token: c.token, outcome: 'completed', result: 'done' }]);
    const error = { name: 'Error', message: 'no' };
    await store.settle([{ id: 'f', token: f.token, outcome: 'failed', reason: 'error', error }]);
  });
  return root;
}

async function open(root: string, use: (store: FsStore) => Promise<unknown>, options: FsStoreOptions = {}) {
  const store = fsStore({ root, segmentBytes: 300, ...options });
  try {
    await store.open();
    await use(store);
  } finally {
    await store.close();
  }
}

function segments(root: string): string[] {
  return readdirSync(join(root, 'journal'))
    .filter((name) => /^\d+\.ndjson$/.test(name))
    .sort()
    .map((name) => join(root, 'journal', name));
}

function snapshots(root: string): string[] {
  return readdirSync(join(root, 'journal')).filter((name) => name.startsWith('snapshot-'));
}

function segmentOf(root: string, text: string): string {
  return segments(root).find((path) => readFileSync(path, 'utf8').includes(text)) as string;
}

function lastSegment(root: string): string {
  return segments(root).at(-1) as string;
}

/** Whole lines behind the end of the journal; `seq` counts on from its last record. */
function append(root: string, ...metas: object[]): void {
  const text = segments(root)
    .map((path) => readFileSync(path, 'utf8'))
    .join('');
  const seqs = [...text.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
  const encoder = new LineEncoder();
  for (const [i, meta] of metas.entries()) {
    encoder.add(JSON.stringify({ seq: Math.max(...seqs) + 1 + i, ...meta }));
  }
  appendFileSync(lastSegment(root), encoder.take());
}

function rewrite(root: string, name: string, change: (job: Job) => object): void {
  const path = join(root, name);
  writeFileSync(path, `${JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Job), null, 2)}\n`);
}

function codes({ findings }: DoctorReport): string[] {
  return [...new Set(findings.map(({ code }) => code))].sort();
}

/** Has stood there for an hour, so that nobody can be about to finish it. */
function age(path: string): void {
  const hourAgo = Date.now() / 1000 - 3_600;
  utimesSync(path, hourAgo, hourAgo);
}

function writeOld(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
  age(path);
}

const file = (root: string, name: string): string => join(root, name);

describe('the doctor', () => {
  it('finds nothing in a store that is well, and counts what is there', async () => {
    const root = await closed();
    expect(await doctor({ root })).toEqual({
      ok: true,
      repaired: false,
      findings: [],
      summary: {
        records: expect.any(Number),
        pending: 3,
        active: 0,
        completed: 1,
        failed: 1,
        quarantined: 0,
        inbox: 0,
      },
      chain: { segments: segments(root).length - 1, since: 1, newest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  /** What is done to a store, the codes that this gives, and whether something is lost for good. */
  const damages: [name: string, damage: (root: string) => unknown, codes: string[]][] = [
    // The journal.
    ['a torn tail', (root) => appendFileSync(lastSegment(root), '0badc0de\t{"seq":'), ['JOURNAL_TORN_TAIL']],
    [
      'a batch without its end',
      (root) => append(root, { more: 1, op: 'worker', worker: 'w9', instance: 'i' }),
      ['JOURNAL_INCOMPLETE_BATCH'],
    ],
    [
      'a flipped bit in the middle',
      (root) => flipIn(segmentOf(root, '{"of":"p1"}'), '{"of":"p1"}'),
      ['JOURNAL_CORRUPT', 'JOURNAL_MISSING'],
    ],
    ['a damaged header', (root) => flipIn(segments(root)[1] as string, '"op":"segment"'), ['JOURNAL_BAD_HEADER']],
    ['a missing segment', (root) => unlinkSync(segments(root)[1] as string), ['JOURNAL_MISSING']],
    [
      'a record that stands there twice',
      (root) => {
        const text = readFileSync(lastSegment(root), 'utf8');
        appendFileSync(lastSegment(root), `${text.split('\n').at(-2)}\n`);
      },
      ['JOURNAL_DUPLICATE'],
    ],
    ['a record that means nothing', (root) => append(root, { op: 'dance', id: 'p1' }), ['JOURNAL_RECORD']],
    [
      'a damaged snapshot',
      async (root) => {
        await open(root, (store) => store.tidy());
        flipIn(join(root, 'journal', snapshots(root)[0] as string), '"op":"end"');
      },
      ['JOURNAL_SNAPSHOT'],
    ],
    ['no journal', (root) => rmSync(join(root, 'journal'), { recursive: true }), ['NO_JOURNAL']],

    // The folders.
    ['a missing file', (root) => unlinkSync(file(root, 'pending/p1.json')), ['MISSING_FILE']],
    ['a missing folder', (root) => rmSync(file(root, 'completed'), { recursive: true }), ['MISSING_FILE']],
    ['a late file', (root) => rewrite(root, 'completed/c.json', (job) => ({ ...job, rev: 1 })), ['STALE_FILE']],
    [
      'a late file in an earlier folder',
      (root) => {
        renameSync(file(root, 'completed/c.json'), file(root, 'pending/c.json'));
        rewrite(root, 'pending/c.json', (job) => ({ ...job, rev: 1, status: 'pending' }));
      },
      ['OTHER_STATE'],
    ],
    [
      'a file that was moved',
      (root) => renameSync(file(root, 'failed/f.json'), file(root, 'pending/f.json')),
      ['OTHER_STATE'],
    ],
    [
      'two files of one job',
      (root) => {
        writeFileSync(file(root, 'pending/c.json'), readFileSync(file(root, 'completed/c.json')), { mode: 0o600 });
        rewrite(root, 'pending/c.json', (job) => ({ ...job, rev: 1, status: 'pending' }));
      },
      ['OTHER_STATE', 'TWO_FILES'],
    ],
    [
      'a job that the journal does not know',
      (root) =>
        writeFileSync(
          file(root, 'pending/new.json'),
          JSON.stringify({ id: 'new', type: 'a', status: 'pending', data: 1 }),
          {
            mode: 0o600,
          },
        ),
      ['UNKNOWN_JOB'],
    ],
    [
      'the file of a job that was removed',
      async (root) => {
        const text = readFileSync(file(root, 'completed/c.json'));
        await open(root, (store) => store.change({ change: { action: 'remove' }, target: { ids: ['c'] } }));
        writeFileSync(file(root, 'completed/c.json'), text, { mode: 0o600 });
      },
      ['REMOVED_JOB'],
    ],
    ['a torn file', (root) => truncateSync(file(root, 'failed/f.json'), 20), ['FILE_TORN']],
    ['an empty file', (root) => writeOld(file(root, 'pending/p2.json'), ''), ['FILE_EMPTY']],
    ['a file of zeros', (root) => writeOld(file(root, 'pending/p2.json'), '\0'.repeat(99)), ['FILE_NUL']],
    ['a list', (root) => writeFileSync(file(root, 'pending/p2.json'), '[]'), ['FILE_NOT_A_JOB']],
    [
      'a field with a wrong value',
      (root) => rewrite(root, 'pending/p2.json', (job) => ({ ...job, priority: 99 })),
      ['FILE_INVALID'],
    ],
    [
      'an unknown state',
      (root) => rewrite(root, 'pending/p2.json', (job) => ({ ...job, status: 'late' })),
      ['FILE_UNKNOWN_STATUS'],
    ],
    [
      "another job's content",
      (root) => rewrite(root, 'pending/p2.json', (job) => ({ ...job, id: 'p3' })),
      ['FILE_OTHER_ID'],
    ],
    [
      'a file of a newer version',
      (root) => rewrite(root, 'pending/p2.json', (job) => ({ ...job, format: 2 })),
      ['FILE_NEWER_FORMAT'],
    ],
    [
      'a file that is too large',
      (root) => truncateSync(file(root, 'pending/p2.json'), 64 * 1024 * 1024 + 1),
      ['UNREADABLE_FILE'],
    ],
    ['a name that no job has', (root) => writeOld(file(root, 'failed/My Job.json'), '{}'), ['FOREIGN_FILE']],
    ['another kind of file', (root) => writeOld(file(root, 'failed/report.pdf'), 'pdf'), ['FOREIGN_FILE']],
    ['a link', (root) => symlinkSync('/etc/passwd', file(root, 'pending/link.json')), ['FOREIGN_FILE']],
    [
      'a folder in a folder',
      (root) => {
        mkdirSync(file(root, 'pending/sub'), { mode: 0o700 });
        age(file(root, 'pending/sub'));
      },
      ['FOREIGN_FILE'],
    ],
    [
      'what a writer left that died',
      (root) => writeFileSync(file(root, 'pending/.p1.json.999999999-7.tmp'), '{', { mode: 0o600 }),
      ['LEFTOVER'],
    ],

    // The rights.
    ['a file that others may read', (root) => chmodSync(file(root, 'pending/p1.json'), 0o644), ['PERMISSIONS']],
    [
      'folders that others may enter',
      (root) => [root, file(root, 'failed')].map((path) => chmodSync(path, 0o755)),
      ['PERMISSIONS'],
    ],
  ];

  it.each(damages)('tells of %s, changes nothing unless it may, and puts it right', async (_name, damage, expected) => {
    const root = await closed();
    await damage(root);
    const before = treeOf(root);
    const report = await doctor({ root });
    expect(treeOf(root)).toEqual(before);
    expect(codes(report)).toEqual(expect.arrayContaining(expected));
    if (!expected.some((code) => code.startsWith('JOURNAL_'))) expect(codes(report)).toEqual(expected);
    expect(report).toMatchObject({ ok: false, repaired: false });
    for (const { message, repair } of report.findings) {
      expect(message).not.toBe('');
      expect(repair).toBeDefined();
    }
    const repaired = await doctor({ root, repair: true });
    expect(repaired).toMatchObject({ ok: true, repaired: true });
    expect(codes({ ...repaired, findings: repaired.findings.filter((finding) => finding.repaired) })).toEqual(
      codes(report),
    );
    const again = await doctor({ root });
    expect(again.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(again.ok).toBe(true);
  });

  it('repairs what was there before without losing a job', async () => {
    const root = await closed();
    rmSync(join(root, 'journal'), { recursive: true });
    unlinkSync(file(root, 'pending/p3.json'));
    await doctor({ root, repair: true });
    expect((await doctor({ root })).summary).toMatchObject({ pending: 2, completed: 1, failed: 1 });
  });

  it('tells what was lost as an error, and what a crash leaves as a warning', async () => {
    const root = await closed();
    appendFileSync(lastSegment(root), 'torn');
    unlinkSync(segments(root)[1] as string);
    const { findings } = await doctor({ root });
    const severity = Object.fromEntries(findings.map((finding) => [finding.code, finding.severity]));
    expect(severity).toMatchObject({ JOURNAL_TORN_TAIL: 'warn', JOURNAL_MISSING: 'error' });
  });

  it('says when the journal cannot be read, and how', async () => {
    const root = await closed();
    const [first] = segments(root);
    const files = faultyFiles((call, [path]) => (call === 'openSync' && path === first ? 'EACCES' : undefined));
    expect(await doctor({ root, files })).toMatchObject({
      ok: false,
      findings: [{ code: 'JOURNAL_UNREADABLE', severity: 'error', message: expect.stringContaining('EACCES') }],
    });
  });

  it('counts what is in quarantine and in the inbox, which is nothing wrong', async () => {
    const root = await closed();
    writeFileSync(file(root, 'failed/f.json'), '[]');
    await open(root, (store) => store.tidy());
    writeFileSync(file(root, 'inbox/new.json'), '{"type":"a"}', { mode: 0o600 });
    const { ok, findings, summary } = await doctor({ root });
    expect({ ok, findings, summary }).toMatchObject({
      ok: true,
      findings: [{ code: 'QUARANTINE', severity: 'info', message: expect.stringContaining('1 file was') }],
      summary: { quarantined: 1, inbox: 1 },
    });
  });

  it.each([false, true])(
    'looks at a store that is in use, and leaves it alone (lock file: %s)',
    async (fallbackLock) => {
      const root = await closed();
      await open(
        root,
        async (store) => {
          await store.add([{ type: 'a', data: 1 }]);
          const { ok, findings } = await doctor({ root });
          expect({ ok, findings }).toMatchObject({ ok: true, findings: [{ code: 'IN_USE', severity: 'info' }] });
          await expect(doctor({ root, repair: true })).rejects.toMatchObject({ code: 'IN_USE' });
        },
        { fallbackLock },
      );
      expect((await doctor({ root })).findings).toEqual([]);
    },
  );

  it.each([
    ['nothing', () => {}],
    ['a file', (root: string) => writeFileSync(root, '')],
    ['an empty folder', (root: string) => mkdirSync(root)],
    ['a folder with other things', (root: string) => mkdirSync(join(root, 'a'), { recursive: true })],
  ])('finds no store where there is %s', async (_name, make) => {
    const dir = tempDir();
    const root = join(dir, 'jobs');
    make(root);
    const before = treeOf(dir);
    for (const repair of [false, true]) {
      await expect(doctor({ root, repair })).rejects.toMatchObject({
        code: 'NO_STORE',
        message: expect.stringContaining(root),
      });
    }
    expect(treeOf(dir)).toEqual(before);
  });

  it('touches nothing of a newer version', async () => {
    const newer = await closed();
    writeFileSync(file(newer, 'store.json'), '{"format":2,"created":"2030-01-01T00:00:00.000Z"}');
    const segment = await closed();
    const encoder = new LineEncoder();
    encoder.add(JSON.stringify({ op: 'segment', format: 2, first: 1, epoch: 1, at: 1 }));
    writeFileSync(segments(segment)[0] as string, encoder.take());
    for (const root of [newer, segment]) {
      const before = treeOf(root);
      await expect(doctor({ root })).rejects.toMatchObject({ code: 'FORMAT' });
      await expect(doctor({ root, repair: true })).rejects.toMatchObject({ code: 'FORMAT' });
      expect(treeOf(root)).toEqual(before);
    }
  });

  it('takes the root of the environment where it is told none', async () => {
    const root = await closed();
    const before = process.env.LEVIATHAN_HOME;
    onTestFinished(() => {
      if (before === undefined) delete process.env.LEVIATHAN_HOME;
      else process.env.LEVIATHAN_HOME = before;
    });
    process.env.LEVIATHAN_HOME = join(root, '..');
    expect((await doctor()).summary.pending).toBe(3);
  });
});

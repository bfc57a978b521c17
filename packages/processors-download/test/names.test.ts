import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DownloadInput } from '../src/input';
import { contextFor } from './context';
import { Bench, errorOf, patterned, sendFile, serve } from './setup';

const body = patterned(100_000);

/** Downloads one file whose response has these headers. */
async function nameFrom(path: string, headers: Record<string, string>): Promise<string> {
  const bench = await Bench.open();
  const server = await serve((req, res) => sendFile(req, res, { body, headers }));
  const { file } = await bench.run({ url: server.url(path) });
  return relative(bench.folder, file);
}

describe('the name of the file', () => {
  it.each([
    ['/a/b/plain.zip?x=1', {}, 'plain.zip'],
    ['/na%C3%AFve%20file.txt', {}, 'naïve file.txt'],
    ['/%2e%2e%2f%2e%2e%2fetc%2fpasswd', {}, 'passwd'],
    ['/..%5C..%5Cevil.exe', {}, 'evil.exe'],
    ['/', {}, 'download'],
    ['/', { 'content-type': 'text/html; charset=utf-8' }, 'download.html'],
    ['/export', { 'content-type': 'application/pdf' }, 'export.pdf'],
    ['/x', { 'content-disposition': 'attachment; filename="report 1.pdf"' }, 'report 1.pdf'],
    ['/x', { 'content-disposition': 'attachment; filename="../../../etc/cron.d/evil"' }, 'evil'],
    ['/x', { 'content-disposition': 'attachment; filename="C:\\Windows\\x.dll"' }, 'x.dll'],
    ['/x', { 'content-disposition': "attachment; filename*=UTF-8''..%2F..%2F%00nul" }, '_nul'],
    ['/x.bin', { 'content-disposition': 'attachment; filename=".."' }, 'x.bin'],
    ['/x', { 'content-disposition': 'attachment; filename=".ssh"' }, '_ssh'],
    [
      '/x',
      { 'content-disposition': `attachment; filename="${'long'.repeat(100)}.tar.gz"` },
      `${'long'.repeat(56).slice(0, 223)}.tar.gz`,
    ],
  ])('of %s with %j is safe', async (path, headers, expected) => {
    expect(await nameFrom(path, headers)).toBe(expected);
  });

  it('is the one that the job asks for', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body }));
    const { file } = await bench.run({ url: server.url(), to: 'a/b', file: '.mine' });
    expect(file).toBe(join(bench.folder, 'a/b/.mine'));
  });
});

describe('a name that is taken', () => {
  async function taken(data: Partial<DownloadInput>) {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body, etag: '"v1"' }));
    await writeFile(join(bench.folder, 'file.bin'), 'old');
    return { bench, server, result: bench.run({ url: server.url(), ...data }) };
  }

  it('gets a number by default, and the next one the next number', async () => {
    const { bench, server, result } = await taken({});
    expect((await result).file).toBe(join(bench.folder, 'file (1).bin'));
    expect((await bench.run({ url: server.url() })).file).toBe(join(bench.folder, 'file (2).bin'));
    expect((await bench.read('file.bin')).toString()).toBe('old');
  });

  it('is replaced, in one step, with replace', async () => {
    const { bench, result } = await taken({ overwrite: 'replace' });
    expect((await result).file).toBe(join(bench.folder, 'file.bin'));
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('ends the job without a download with skip, and without a request when the job names the file', async () => {
    const { bench, server, result } = await taken({ overwrite: 'skip' });
    expect(await result).toMatchObject({ skipped: true, bytes: 3, file: join(bench.folder, 'file.bin') });
    await bench.run({ url: server.url(), overwrite: 'skip', file: 'file.bin' });
    expect(server.hits).toHaveLength(1);
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('fails the job with error', async () => {
    const { bench, server, result } = await taken({ overwrite: 'error' });
    expect((await errorOf(result)).kind).toBe('EXISTS');
    expect((await errorOf(bench.run({ url: server.url(), overwrite: 'error', file: 'file.bin' }))).kind).toBe('EXISTS');
    expect((await bench.read('file.bin')).toString()).toBe('old');
  });

  it('by a folder gets a number too', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body }));
    await mkdir(join(bench.folder, 'file.bin'));
    expect((await bench.run({ url: server.url() })).file).toBe(join(bench.folder, 'file (1).bin'));
  });

  it.each([
    ['rename', 'file (1).bin'],
    ['skip', 'file.bin'],
  ] as const)('only while the download runs is noticed at its end (%s)', async (overwrite, expected) => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      writeFile(join(bench.folder, 'file.bin'), 'quicker').then(() => sendFile(req, res, { body }));
    });
    const context = contextFor({ url: server.url(), overwrite });
    context.checkpoint = async (state) => {
      if (JSON.stringify(state).includes('published')) await writeFile(join(bench.folder, 'late.bin'), 'quicker');
    };
    const late = contextFor({ url: server.url('/late.bin'), overwrite });
    late.checkpoint = context.checkpoint;
    const { file, skipped } = await bench.service.run(late);
    expect([file, skipped]).toEqual([join(bench.folder, expected.replace('file', 'late')), overwrite === 'skip']);
    expect((await bench.read('late.bin')).toString()).toBe('quicker');
    expect((await bench.files()).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('by the part file of something else is left alone', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body }));
    await writeFile(join(bench.folder, 'file.bin.part'), 'of a browser');
    expect((await bench.run({ url: server.url() })).file).toBe(join(bench.folder, 'file (1).bin'));
    expect((await errorOf(bench.run({ url: server.url(), overwrite: 'replace' }))).kind).toBe('EXISTS');
    expect((await bench.read('file.bin.part')).toString()).toBe('of a browser');
  });
});

describe('two jobs for one name at once', () => {
  it('get two files by default, each whole', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) =>
      sendFile(req, res, { body: req.url?.startsWith('/1') ? body : body.subarray(1) }),
    );
    const jobs = ['/1/same.bin', '/2/same.bin', '/1/same.bin?again'].map((path, i) =>
      bench.service.run(contextFor({ url: server.url(path) }, { job: `job_${i}` })),
    );
    const files = (await Promise.all(jobs)).map(({ file }) => relative(bench.folder, file));
    expect([...files].sort()).toEqual(['same (1).bin', 'same (2).bin', 'same.bin']);
    expect((await bench.read(files[0] ?? '')).equals(body)).toBe(true);
    expect((await bench.read(files[1] ?? '')).equals(body.subarray(1))).toBe(true);
    expect(await readdir(bench.folder)).toHaveLength(3);
  });

  it('take turns with replace: the second tries again later', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) =>
      res.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 10)),
    );
    const first = contextFor({ url: server.url(), overwrite: 'replace' }, { job: 'job_1' });
    const started = new Promise<void>((resolve) => {
      first.onProgress = ({ phase }) => phase === 'downloading' && resolve();
    });
    const running = errorOf(bench.service.run(first));
    await started;
    const second = contextFor({ url: server.url('/other/file.bin'), overwrite: 'replace' }, { job: 'job_2' });
    expect((await errorOf(bench.service.run(second))).kind).toBe('BUSY');
    const again = contextFor({ url: server.url(), overwrite: 'rename' }, { job: 'job_1' });
    expect((await errorOf(bench.service.run(again))).kind).toBe('BUSY');
    first.abort();
    await running;
  });
});

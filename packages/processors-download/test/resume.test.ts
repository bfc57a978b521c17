import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DownloadError } from '../src/errors';
import type { DownloadInput } from '../src/input';
import { contextFor } from './context';
import { Bench, errorOf, patterned, type ServedFile, sendCut, sendFile, serve } from './setup';

const MiB = 1024 * 1024;
const body = patterned(3 * MiB);
const file: ServedFile = { body, etag: '"v1"' };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Cuts the first response after 2 MiB, then leaves the second to `next`. */
async function interrupted(first: ServedFile, next: RequestListener, more: Partial<DownloadInput> = {}) {
  const bench = await Bench.open();
  const server = await serve((req, res) => (server.hits.length === 1 ? sendCut(res, first, 2 * MiB) : next(req, res)));
  const before = contextFor({ url: server.url(), ...more });
  const error = await errorOf(bench.service.run(before));
  expect(error).toBeInstanceOf(DownloadError);
  expect(error.kind).toBe('TRUNCATED');
  return { bench, server, after: bench.retry(before) };
}

describe('a download that was cut off', () => {
  it('continues with Range and If-Range where it stopped', async () => {
    const { bench, server, after } = await interrupted(file, (req, res) => sendFile(req, res, file));
    const result = await bench.service.run(after);
    expect(server.hits[1]?.headers).toMatchObject({ range: `bytes=${2 * MiB}-`, 'if-range': '"v1"' });
    expect(result).toMatchObject({ bytes: body.length, resumed: 2 * MiB, etag: '"v1"' });
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('continues by a date that is strong, and not by one that is not', async () => {
    const old = { body, lastModified: 'Sun, 06 Nov 1994 08:49:37 GMT' };
    const strong = await interrupted(old, (req, res) => sendFile(req, res, old));
    expect(await strong.bench.service.run(strong.after)).toMatchObject({ resumed: 2 * MiB });
    expect(strong.server.hits[1]?.headers['if-range']).toBe(old.lastModified);

    const fresh = { body, lastModified: new Date().toUTCString() };
    const weak = await interrupted(fresh, (req, res) => sendFile(req, res, fresh));
    expect(await weak.bench.service.run(weak.after)).toMatchObject({ resumed: 0 });
    expect(weak.server.hits[1]?.headers.range).toBeUndefined();
  });

  it('never sends a weak entity tag in If-Range, and starts over', async () => {
    const weak = { body, etag: 'W/"v1"' };
    const { bench, server, after } = await interrupted(weak, (req, res) => sendFile(req, res, weak));
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0 });
    expect(server.hits[1]?.headers.range).toBeUndefined();
    expect(server.hits[1]?.headers['if-range']).toBeUndefined();
  });

  it('continues without a validator when the job has a checksum to prove the result', async () => {
    const plain = { body };
    const checksum = `sha256:${sha256(body)}`;
    const { bench, server, after } = await interrupted(plain, (req, res) => sendFile(req, res, plain), { checksum });
    const result = await bench.service.run(after);
    expect(server.hits[1]?.headers).toMatchObject({ range: `bytes=${2 * MiB}-` });
    expect(result).toMatchObject({
      resumed: 2 * MiB,
      checksum: { algorithm: 'sha256', value: sha256(body), from: 'job' },
    });
  });

  it('starts over, with a file cut to nothing, when the file changed and the server sends 200', async () => {
    const newer = { body: patterned(2.5 * MiB, 7), etag: '"v2"' };
    const { bench, after } = await interrupted(file, (req, res) => sendFile(req, res, newer));
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0, bytes: newer.body.length, etag: '"v2"' });
    expect((await bench.read('file.bin')).equals(newer.body)).toBe(true);
  });

  it.each([
    ['begins at another byte', `bytes 0-${body.length - 1}/${body.length}`],
    ['belongs to a file of another length', `bytes ${2 * MiB}-${body.length}/${body.length + 1}`],
    ['is missing', undefined],
    ['contradicts itself', `bytes ${2 * MiB}-${body.length}/5`],
  ])('starts over without a range when the Content-Range %s', async (_, range) => {
    const { bench, server, after } = await interrupted(file, (req, res) => {
      if (req.headers.range === undefined) return sendFile(req, res, file);
      res.writeHead(206, { etag: '"v1"', ...(range && { 'content-range': range }) });
      res.end(body.subarray(MiB));
    });
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0 });
    expect(server.hits[2]?.headers.range).toBeUndefined();
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('starts over when a server that ignores If-Range sends a range of another version', async () => {
    const newer = { body: patterned(3 * MiB, 7), etag: '"v2"' };
    const { bench, after } = await interrupted(file, (req, res) => {
      delete req.headers['if-range'];
      sendFile(req, res, newer);
    });
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0, etag: '"v2"' });
    expect((await bench.read('file.bin')).equals(newer.body)).toBe(true);
  });

  it('starts over when the file is shorter now (416)', async () => {
    const shorter = { body: patterned(MiB, 3), etag: '"v1"' };
    const { bench, after } = await interrupted(file, (req, res) => sendFile(req, res, shorter));
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0, bytes: MiB });
    expect((await bench.read('file.bin')).equals(shorter.body)).toBe(true);
  });

  it('takes a 416 for complete when the file ends where the part does', async () => {
    const { bench, after } = await interrupted({ body, etag: '"v1"' }, (req, res) => {
      sendFile(req, res, { body: body.subarray(0, 2 * MiB), etag: '"v1"' });
    });
    expect(await bench.service.run(after)).toMatchObject({ bytes: 2 * MiB, resumed: 2 * MiB });
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('asks for the rest when the server serves the file in pieces', async () => {
    const { bench, server, after } = await interrupted(file, (req, res) => {
      const from = Number(/\d+/.exec(req.headers.range ?? '')?.[0]);
      const piece = body.subarray(from, from + 400_000);
      const range = `bytes ${from}-${from + piece.length - 1}/${body.length}`;
      res.writeHead(206, { etag: '"v1"', 'content-range': range, 'content-length': piece.length }).end(piece);
    });
    expect(await bench.service.run(after)).toMatchObject({ bytes: body.length });
    expect(server.hits).toHaveLength(1 + 3);
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('gets one clean start when the joined halves have the wrong checksum', async () => {
    const wrong = { body: patterned(3 * MiB, 9), etag: '"v1"' };
    const checksum = `sha256:${sha256(body)}`;
    const { bench, server, after } = await interrupted(wrong, (req, res) => sendFile(req, res, file), { checksum });
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0, bytes: body.length });
    expect(server.hits.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${2 * MiB}-`, undefined]);
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('starts over when its record does not match its checksum any more', async () => {
    const { bench, after } = await interrupted(file, (req, res) => sendFile(req, res, file));
    const record = (await bench.read('file.bin.part.json')).toString();
    await writeFile(join(bench.folder, 'file.bin.part.json'), record.replace(/"durable":\d+/, '"durable":9'));
    expect(await bench.service.run(after)).toMatchObject({ resumed: 0, file: join(bench.folder, 'file.bin') });
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('trusts no more bytes than the file has', async () => {
    const { bench, after } = await interrupted(file, (req, res) => sendFile(req, res, file));
    await truncate(join(bench.folder, 'file.bin.part'), 1_000_000);
    expect(await bench.service.run(after)).toMatchObject({ resumed: 1_000_000 });
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('is continued by another job for the same URL', async () => {
    const { bench, server } = await interrupted(file, (req, res) => sendFile(req, res, file));
    const other = contextFor({ url: server.url() }, { job: 'job_2' });
    expect(await bench.service.run(other)).toMatchObject({ resumed: 2 * MiB });
  });

  it('is continued under the name of the response although the next attempt knows nothing of the first', async () => {
    const named = { ...file, headers: { 'content-disposition': 'attachment; filename="named.bin"' } };
    const { bench, server, after } = await interrupted(named, (req, res) => sendFile(req, res, named));
    const forgetful = contextFor({ url: server.url() }, { job: after.job.id });
    expect(await bench.service.run(forgetful)).toMatchObject({
      resumed: 2 * MiB,
      file: join(bench.folder, 'named.bin'),
    });
  });

  it('starts over when the URL of the job was edited', async () => {
    const { bench, server, after } = await interrupted(file, (req, res) => sendFile(req, res, file));
    const edited = bench.retry(after, { url: server.url('/other.bin') });
    expect(await bench.service.run(edited)).toMatchObject({ resumed: 0, file: join(bench.folder, 'other.bin') });
  });
});

describe('an attempt after a crash late in the last one', () => {
  it('only verifies and names a part that is complete, without asking the server', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    const first = contextFor({ url: server.url() });
    // The queue cannot take the last checkpoint: the attempt ends with every byte here and no final name.
    first.checkpoint = async (state) => {
      if (JSON.stringify(state).includes('published')) throw new Error('the store is full');
      first.checkpoints.push(state);
    };
    await expect(bench.service.run(first)).rejects.toThrow('the store is full');
    expect(await bench.files()).toEqual(['file.bin.part', 'file.bin.part.json']);
    const result = await bench.service.run(bench.retry(first));
    expect(result).toMatchObject({ bytes: body.length, resumed: body.length, etag: '"v1"' });
    expect(server.hits).toHaveLength(1);
  });

  it('recognises the file that was published right before the crash', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    const first = contextFor({ url: server.url() });
    const result = await bench.service.run(first);
    expect(await bench.service.run(bench.retry(first))).toEqual(result);
    expect(server.hits).toHaveLength(1);
    expect(await bench.files()).toEqual(['file.bin']);
  });
});

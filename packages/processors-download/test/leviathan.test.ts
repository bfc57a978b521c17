import { Leviathan, MemoryStore, ValidationError } from '@leviathan/core';
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { type DownloadInput, type DownloadProgress, type DownloadResult, downloads } from '../src/index';
import { Bench, patterned, sendCut, sendFile, serve } from './setup';

const file = { body: patterned(4_000_000), etag: '"v1"' };

/** A Leviathan that downloads into a folder; it stops with the test. */
async function start(folder: string, store = new MemoryStore()) {
  const { processor, service } = downloads({ directory: folder });
  const leviathan = new Leviathan({ store, processors: [processor], services: [service] });
  await leviathan.start();
  onTestFinished(() => leviathan.stop({ timeout: 0 }));
  return { leviathan, store };
}

/** No wait between two attempts. */
const backoff = { type: 'fixed', delay: 0 } as const;

describe('a download job', () => {
  it('knows the types of its data and its result', async () => {
    const { folder } = await Bench.open();
    const { leviathan } = await start(folder);
    const server = await serve((req, res) => sendFile(req, res, file));
    const job = await leviathan.add('download', { url: server.url() });
    expectTypeOf<Parameters<typeof leviathan.add<'download'>>[1]>().toEqualTypeOf<DownloadInput>();
    const result = await job.result();
    expectTypeOf(result).toEqualTypeOf<DownloadResult>();
    expect(result).toMatchObject({ bytes: file.body.length, resumed: 0, skipped: false });
    expect((await job.job())?.metadata.progress).toBe(100);
  });

  it('is refused when its data cannot be right, with the place of the fault', async () => {
    const { folder } = await Bench.open();
    const { leviathan } = await start(folder);
    const error = await leviathan
      .add('download', { url: 'gopher://host/', maxBytes: -1 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues.map(({ path }) => path.join('.')).sort()).toEqual([
      'data.maxBytes',
      'data.url',
    ]);
  });

  it('resumes in its next attempt, and when the server asked for a later time, then', async () => {
    const bench = await Bench.open();
    const { leviathan } = await start(bench.folder);
    const server = await serve((req, res) => {
      if (server.hits.length === 1) sendCut(res, file, 3_000_000);
      else if (server.hits.length === 2) res.writeHead(503, { 'retry-after': '0' }).end();
      else sendFile(req, res, file);
    });
    const job = await leviathan.add('download', { url: server.url() }, { backoff });
    expect(await job.result()).toMatchObject({ resumed: 3_000_000, bytes: file.body.length });
    const { metadata, attempt } = (await job.job()) ?? {};
    expect(attempt).toBe(3);
    expect(metadata?.errors.map(({ code }) => code)).toEqual(['TRUNCATED', 'RETRY_AT']);
    expect((await bench.read('file.bin')).equals(file.body)).toBe(true);
  });

  it('fails at once when another attempt would not help', async () => {
    const { folder } = await Bench.open();
    const { leviathan } = await start(folder);
    const server = await serve((_, res) => res.writeHead(404).end());
    const job = await (await leviathan.add('download', { url: server.url() }, { backoff })).wait();
    expect(job).toMatchObject({ status: 'failed', reason: 'error', attempt: 1 });
    expect(job.metadata.errors.at(-1)).toMatchObject({ name: 'PermanentDownloadError', code: 'UNRECOVERABLE' });
  });

  it('goes back to pending when its program stops, and continues in another one', async () => {
    const bench = await Bench.open();
    const { leviathan, store } = await start(bench.folder);
    const server = await serve((req, res) => {
      if (server.hits.length > 1) return sendFile(req, res, file);
      res
        .writeHead(200, { 'content-length': file.body.length, etag: file.etag })
        .write(file.body.subarray(0, 2_500_000));
    });
    const halfway = new Promise<void>((resolve) => {
      leviathan.on('progress', ({ detail }) => (detail as DownloadProgress).bytes >= 2_500_000 && resolve());
    });
    const { id } = await leviathan.add('download', { url: server.url() });
    await halfway;
    const next = await start(bench.folder, store);
    await leviathan.stop({ timeout: 0 });
    const job = await next.leviathan.wait(id);
    expect(job).toMatchObject({ status: 'completed', result: { resumed: 2_500_000, bytes: file.body.length } });
    expect((await bench.read('file.bin')).equals(file.body)).toBe(true);
  });

  it('stops when it is cancelled', async () => {
    const bench = await Bench.open();
    const { leviathan } = await start(bench.folder);
    const server = await serve((_, res) => res.writeHead(200, { 'content-length': 1_000 }).write('x'));
    const begun = new Promise<void>((resolve) => {
      leviathan.on('progress', ({ detail }) => (detail as DownloadProgress).bytes > 0 && resolve());
    });
    const job = await leviathan.add('download', { url: server.url() });
    await begun;
    await job.cancel();
    expect(await job.wait()).toMatchObject({ status: 'failed', reason: 'cancelled' });
    await Promise.all([...server.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  });

  it('reports its service in the health of the program', async () => {
    const { folder } = await Bench.open();
    const { leviathan } = await start(folder);
    expect((await leviathan.health()).services).toMatchObject({
      downloads: { status: 'ok', details: { directory: folder } },
    });
  });
});

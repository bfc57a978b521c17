import { createHash } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { CancelledError, ShutdownError } from '@leviathan/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { contextFor, type RecordedContext } from './context';
import { Bench, errorOf, patterned, sendFile, serve, type TestServer } from './setup';

const body = patterned(4 * 1024 * 1024);
const MAX_MS = 100;

/** Promise rejections that nobody handles would show here. */
const unhandled: unknown[] = [];
const collect = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', collect));
afterAll(() => {
  process.off('unhandledRejection', collect);
  expect(unhandled).toEqual([]);
});

/** Resolves when the context has reported this many bytes. */
function reached(context: RecordedContext, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    context.onProgress = (detail) => detail.bytes >= bytes && resolve();
  });
}

/** Aborts a running download and resolves with how long it took to end, and with what. */
async function abort(context: RecordedContext, running: Promise<unknown>, reason: unknown) {
  const began = performance.now();
  context.abort(reason);
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - began };
}

async function quiet(server: TestServer): Promise<void> {
  await Promise.all([...server.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
}

/** Sends the first half of the file and then nothing. */
function sendHalf(res: ServerResponse): void {
  res.writeHead(200, { 'content-length': body.length, etag: '"v1"' });
  res.write(body.subarray(0, body.length / 2));
}

describe('an aborted download', () => {
  it('ends within 100 ms in the middle of the body, closes its connection, and is continued by the next attempt', async () => {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const bench = await Bench.open();
      const server = await serve((req, res) => {
        if (server.hits.length === 1) sendHalf(res);
        else sendFile(req, res, { body, etag: '"v1"' });
      });
      const context = contextFor({ url: server.url() });
      const there = reached(context, body.length / 2);
      const running = bench.service.run(context);
      await there;
      const reason = new ShutdownError();
      const { error, ms } = await abort(context, running, reason);
      times.push(ms);
      expect(error).toBe(reason);
      await quiet(server);
      expect(await openFiles(bench.folder)).toEqual([]);
      const result = await bench.service.run(bench.retry(context));
      expect(result).toMatchObject({ bytes: body.length, resumed: body.length / 2 });
      expect((await bench.read('file.bin')).equals(body)).toBe(true);
    }
    // The last bytes are written and recorded in this time: a disk that others keep busy may take longer now and then.
    expect(Math.min(...times)).toBeLessThan(MAX_MS);
  });

  it('ends within 100 ms while the server has not answered yet', async () => {
    const bench = await Bench.open();
    let arrived = (): void => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await serve(() => arrived());
    const context = contextFor({ url: server.url() });
    const running = bench.service.run(context);
    await arrival;
    const { error, ms } = await abort(context, running, new CancelledError());
    expect(error).toBeInstanceOf(CancelledError);
    expect(ms).toBeLessThan(MAX_MS);
    await quiet(server);
    expect(await bench.files()).toEqual([]);
  });

  it('ends within 100 ms while it connects, and gives the connection up', async () => {
    // A TLS server that accepts and says nothing: the connection is never ready.
    let closed = (): void => undefined;
    let accepted = (): void => undefined;
    const acceptance = new Promise<void>((resolve) => {
      accepted = resolve;
    });
    const closure = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const silent = createServer((socket) => {
      socket
        .on('close', closed)
        .on('error', () => undefined)
        .resume();
      accepted();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const bench = await Bench.open();
    const context = contextFor({ url: `https://127.0.0.1:${(silent.address() as AddressInfo).port}/x` });
    const running = bench.service.run(context);
    await acceptance;
    const { error, ms } = await abort(context, running, new CancelledError());
    expect(error).toBeInstanceOf(CancelledError);
    expect(ms).toBeLessThan(MAX_MS);
    await closure;
  });

  it('ends within 100 ms while it verifies, and the next attempt only verifies again', async () => {
    const bench = await Bench.open();
    const big = Buffer.alloc(200 * 1024 * 1024);
    const server = await serve((req, res) => sendFile(req, res, { body: big, etag: '"v1"' }));
    const checksum = `sha512:${createHash('sha512').update(big).digest('hex')}`;
    const context = contextFor({ url: server.url(), checksum });
    const verifying = new Promise<void>((resolve) => {
      context.onProgress = ({ phase }) => phase === 'verifying' && resolve();
    });
    const running = bench.service.run(context);
    await verifying;
    const { error, ms } = await abort(context, running, new ShutdownError());
    expect(error).toBeInstanceOf(ShutdownError);
    expect(ms).toBeLessThan(MAX_MS);
    expect(await bench.service.run(bench.retry(context))).toMatchObject({ resumed: big.length });
    expect(server.hits).toHaveLength(1);
  });

  it('does nothing at all when it was aborted before it began', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body }));
    const context = contextFor({ url: server.url() });
    context.abort(new CancelledError());
    await expect(bench.service.run(context)).rejects.toBeInstanceOf(CancelledError);
    expect(server.hits).toHaveLength(0);
  });
});

describe('the service', () => {
  it('lets running downloads end until the deadline, and then ends them in a way that can be continued', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) =>
      server.hits.length === 1 ? sendHalf(res) : sendFile(req, res, { body, etag: '"v1"' }),
    );
    bench.service.start();
    const context = contextFor({ url: server.url() });
    const there = reached(context, body.length / 2);
    const running = bench.service.run(context);
    const failure = errorOf(running);
    await there;
    expect(bench.service.health()).toMatchObject({ status: 'ok', details: { active: 1 } });
    await bench.service.stop({ deadline: Date.now() + 50 });
    expect((await failure).kind).toBe('NETWORK');
    expect(bench.service.health()).toMatchObject({ status: 'stopped', details: { active: 0 } });
    bench.service.start();
    expect(await bench.service.run(bench.retry(context))).toMatchObject({ resumed: body.length / 2 });
  });

  it('closes kept connections when it stops', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, { body }));
    await bench.run({ url: server.url() });
    expect(server.sockets.size).toBe(1);
    const gone = quiet(server);
    await bench.service.stop({ deadline: Date.now() + 1_000 });
    await gone;
  });
});

/** Open descriptors of this process below a folder. */
async function openFiles(folder: string): Promise<string[]> {
  const open = await readdir('/proc/self/fd').catch(() => []);
  const paths = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DownloadInput, DownloadResult } from '../src/input';
import { DownloadService, type DownloadsOptions } from '../src/service';
import { contextFor, type RecordedContext } from './context';

/** A request as the server saw it. */
export interface Hit {
  path: string;
  headers: IncomingMessage['headers'];
}

/** A server on loopback that does what its handler says. */
export interface TestServer {
  readonly hits: Hit[];
  readonly sockets: Set<Socket>;
  url(path?: string): string;
}

/** Starts a server; it ends with the test. */
export async function serve(handler: RequestListener, tls?: ServerOptions): Promise<TestServer> {
  const hits: Hit[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = (req, res) => {
    hits.push({ path: req.url ?? '', headers: req.headers });
    handler(req, res);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A test may cut the connection from either side.
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const scheme = tls === undefined ? 'http' : 'https';
  return { hits, sockets, url: (path = '/file.bin') => `${scheme}://127.0.0.1:${port}${path}` };
}

/** A file as a server has it. */
export interface ServedFile {
  body: Buffer;
  etag?: string;
  lastModified?: string;
  headers?: Record<string, string | string[]>;
}

/** Answers as RFC 9110 says, ranges and `If-Range` included. */
export function sendFile(req: IncomingMessage, res: ServerResponse, file: ServedFile): void {
  const { body, etag, lastModified, headers = {} } = file;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  if (etag !== undefined) res.setHeader('etag', etag);
  if (lastModified !== undefined) res.setHeader('last-modified', lastModified);
  const ifRange = req.headers['if-range'];
  const first = /^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1];
  if (first === undefined || (ifRange !== undefined && ifRange !== etag && ifRange !== lastModified)) {
    res.writeHead(200, { 'content-length': body.length });
    res.end(body);
  } else if (Number(first) >= body.length) {
    res.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
  } else {
    const rest = body.subarray(Number(first));
    const range = `bytes ${first}-${body.length - 1}/${body.length}`;
    res.writeHead(206, { 'content-length': rest.length, 'content-range': range });
    res.end(rest);
  }
}

/** Sends the head of a whole file, and of its body the first `bytes`; then cuts the connection. */
export function sendCut(res: ServerResponse, file: ServedFile, bytes: number): void {
  const headers = {
    ...file.headers,
    ...(file.etag && { etag: file.etag }),
    ...(file.lastModified && { 'last-modified': file.lastModified }),
  };
  res.writeHead(200, { 'content-length': file.body.length, ...headers });
  res.write(file.body.subarray(0, bytes), () => res.socket?.end());
}

/** One folder and one download service; both end with the test. */
export class Bench {
  private constructor(
    readonly folder: string,
    readonly service: DownloadService,
  ) {}

  static async open(options: Partial<DownloadsOptions> = {}): Promise<Bench> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'downloads-')));
    const service = new DownloadService({ directory: folder, ...options });
    onTestFinished(async () => {
      await service.stop({ deadline: 0 });
      await rm(folder, { recursive: true, force: true });
    });
    return new Bench(folder, service);
  }

  run(data: DownloadInput): Promise<DownloadResult> {
    return this.service.run(contextFor(data));
  }

  /** The next attempt of the same job, with the checkpoint that the one before left. */
  retry(before: RecordedContext, data?: DownloadInput): RecordedContext {
    const { id } = before.job;
    return contextFor(data ?? (before.job.data as DownloadInput), {
      job: id,
      lastCheckpoint: before.checkpoints.at(-1),
    });
  }

  files(): Promise<string[]> {
    return readdir(this.folder).then((names) => names.sort());
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.folder, name));
  }
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { kind?: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('It should have been rejected with an error.');
}

/** Bytes that repeat nowhere, the same in every run. */
export function patterned(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i + 4 <= length; i += 4) {
    // A 32-bit xorshift (Marsaglia 2003): fast, and no two blocks are alike.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, i);
  }
  return bytes;
}

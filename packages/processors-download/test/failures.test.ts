import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { RetryAtError, UnrecoverableError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { DownloadError, PermanentDownloadError } from '../src/errors';
import { downloadInput } from '../src/input';
import { MAX_RETRY_AFTER_MS } from '../src/protocols/http/failure';
import { contextFor } from './context';
import { Bench, errorOf, patterned, sendCut, sendFile, serve } from './setup';

const body = patterned(300_000);
const file = { body, etag: '"v1"' };

describe('a status that is not the file', () => {
  it.each([400, 401, 403, 404, 405, 410, 451])('%d fails the job at once', async (status) => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(status).end('sorry'));
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ kind: 'HTTP_STATUS', message: expect.stringContaining(String(status)) });
    expect(await bench.files()).toEqual([]);
  });

  it.each([408, 429, 500, 502, 503, 504])('%d is worth another attempt', async (status) => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(status).end());
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error.kind).toBe('HTTP_STATUS');
  });

  it.each([
    ['seconds', () => '90', 90_000],
    ['a date', () => new Date(Date.now() + 90_000).toUTCString(), 90_000],
    ['a date in the past', () => 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['a month', () => String(30 * 86_400), MAX_RETRY_AFTER_MS],
  ])('429 and 503 with %s in Retry-After set the time of the next attempt', async (_, header, wait) => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      res.writeHead(req.url === '/busy' ? 503 : 429, { 'retry-after': header() }).end();
    });
    for (const path of ['/busy', '/limit']) {
      const error = await errorOf(bench.run({ url: server.url(path) }));
      expect(error).toBeInstanceOf(RetryAtError);
      // HTTP dates have whole seconds.
      expect(Math.abs((error as RetryAtError).at - Date.now() - wait)).toBeLessThan(2_000);
    }
  });

  it('keeps what is there when a resume is refused', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      if (server.hits.length === 1) sendCut(res, file, 200_000);
      else if (server.hits.length === 2) res.writeHead(503).end();
      else sendFile(req, res, file);
    });
    const first = contextFor({ url: server.url() });
    await errorOf(bench.service.run(first));
    expect((await errorOf(bench.service.run(bench.retry(first)))).kind).toBe('HTTP_STATUS');
    expect(await bench.service.run(bench.retry(first))).toMatchObject({ resumed: 200_000, bytes: body.length });
  });

  it('a success without the file is refused', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(204).end());
    expect((await errorOf(bench.run({ url: server.url() }))).kind).toBe('BAD_RESPONSE');
  });
});

describe('a connection that fails', () => {
  it('is worth another attempt when nobody listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const bench = await Bench.open();
    const error = await errorOf(bench.run({ url: `http://127.0.0.1:${port}/x` }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error).toMatchObject({ kind: 'NETWORK', message: expect.stringContaining('ECONNREFUSED') });
  });

  it('is worth another attempt when the name cannot be resolved at the moment', async () => {
    const failing = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' });
    const bench = await Bench.open({ connect: { lookup: (_host, _options, callback) => callback(failing, '') } });
    const error = await errorOf(bench.run({ url: 'http://somewhere.test/x' }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error.kind).toBe('NETWORK');
  });

  it('goes to the address that the lookup gives', async () => {
    const server = await serve((req, res) => sendFile(req, res, file));
    const asked: string[] = [];
    const bench = await Bench.open({
      connect: {
        lookup: (host, _options, callback) => {
          asked.push(host);
          callback(null, [{ address: '127.0.0.1', family: 4 }]);
        },
      },
    });
    const { port } = new URL(server.url());
    expect(await bench.run({ url: `http://somewhere.test:${port}/x.bin` })).toMatchObject({ bytes: body.length });
    expect(asked).toEqual(['somewhere.test']);
  });

  it('is asked once more when a kept connection turns out to be dead', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      // The second request on a connection finds it closed.
      if (server.hits.length === 2) req.socket.destroy();
      else sendFile(req, res, file);
    });
    await bench.run({ url: server.url('/a.bin') });
    expect(await bench.run({ url: server.url('/b.bin') })).toMatchObject({ bytes: body.length });
    expect(server.hits.map(({ path }) => path)).toEqual(['/a.bin', '/b.bin', '/b.bin']);
  });

  it('ends when no byte comes for the idle time, before the head and inside the body', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      if (req.url !== '/silent') res.writeHead(200, { 'content-length': 1000 }).write('x');
    });
    for (const path of ['/silent', '/stalled']) {
      const error = await errorOf(bench.run({ url: server.url(path), timeouts: { idle: 200 } }));
      expect(error).toBeInstanceOf(DownloadError);
      expect(error.kind).toBe('TIMEOUT');
    }
  });

  it('ends when it takes too long to connect', async () => {
    // A lookup that never answers stands for a host that never does.
    const bench = await Bench.open({ connect: { lookup: () => undefined } });
    const error = await errorOf(bench.run({ url: 'http://somewhere.test/x', timeouts: { connect: 50 } }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error.kind).toBe('TIMEOUT');
  });
});

describe('a body that is not what was announced', () => {
  it.each([true, false])('is an error when it is shorter than its length (keep-alive: %s)', async (keep) => {
    const bench = await Bench.open();
    const server = await serve((_, res) => {
      if (!keep) res.setHeader('connection', 'close');
      sendCut(res, file, 100_000);
    });
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error.kind).toBe('TRUNCATED');
    expect(await bench.files()).toEqual(['file.bin.part', 'file.bin.part.json']);
  });

  it.each(['keep-alive', 'close'])(
    'is an error when its last chunk is missing (connection: %s)',
    async (connection) => {
      const bench = await Bench.open();
      const server = await serve((_, res) => {
        res.writeHead(200, { connection });
        res.write(body.subarray(0, 1000), () => res.socket?.end());
      });
      expect((await errorOf(bench.run({ url: server.url() }))).kind).toBe('TRUNCATED');
    },
  );

  it('is complete when it comes in chunks without a length, and reports no percentage until the end', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => {
      res.write(body.subarray(0, 1000));
      res.end(body.subarray(1000));
    });
    const context = contextFor({ url: server.url() });
    expect(await bench.service.run(context)).toMatchObject({ bytes: body.length });
    expect(context.reports.slice(0, -1).every(({ percent }) => percent === 0)).toBe(true);
    expect(context.reports.at(-1)).toMatchObject({ percent: 100, detail: { bytes: body.length, total: body.length } });
  });

  it('is complete when it has neither length nor chunks and the connection ends', async () => {
    const bench = await Bench.open();
    const server = await serve((req) => req.socket.end(Buffer.concat([Buffer.from('HTTP/1.0 200 OK\r\n\r\n'), body])));
    expect(await bench.run({ url: server.url() })).toMatchObject({ bytes: body.length });
  });

  it('may be empty', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(200, { 'content-length': 0 }).end());
    expect(await bench.run({ url: server.url() })).toMatchObject({ bytes: 0 });
    expect(await bench.files()).toEqual(['file.bin']);
  });

  it('that is not HTTP is worth another attempt', async () => {
    const bench = await Bench.open();
    const server = await serve((req) => req.socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect((await errorOf(bench.run({ url: server.url() }))).kind).toBe('BAD_RESPONSE');
  });

  it('is decoded when the server compressed it although identity was asked for', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)));
    expect(await bench.run({ url: server.url() })).toMatchObject({ bytes: body.length });
    expect(server.hits[0]?.headers['accept-encoding']).toBe('identity');
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('is left alone when the file itself is a .gz that the server mislabels', async () => {
    const bench = await Bench.open();
    const packed = gzipSync(body);
    const server = await serve((_, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(packed));
    await bench.run({ url: server.url('/a.tar.gz') });
    expect((await bench.read('a.tar.gz')).equals(packed)).toBe(true);
  });

  it('is an error when it says gzip and is not', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(body));
    expect((await errorOf(bench.run({ url: server.url() }))).kind).toBe('BAD_RESPONSE');
  });
});

describe('limits', () => {
  it('refuses a length over maxBytes before the first byte', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    const error = await errorOf(bench.run({ url: server.url(), maxBytes: body.length - 1 }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error.kind).toBe('TOO_LARGE');
    expect(await bench.files()).toEqual([]);
    expect(await bench.run({ url: server.url(), maxBytes: body.length })).toMatchObject({ bytes: body.length });
  });

  it.each([
    ['an endless body', {}, (): Buffer => body],
    [
      'a small body that grows without end',
      { 'content-encoding': 'gzip' },
      (): Buffer => gzipSync(Buffer.alloc(50_000_000)),
    ],
  ])('ends %s at maxBytes and leaves nothing behind', async (_, headers, piece) => {
    const bench = await Bench.open();
    const chunk = piece();
    const server = await serve((_req, res) => {
      res.writeHead(200, headers);
      const more = (): void => {
        if (!res.destroyed) res.write(chunk, more);
      };
      more();
    });
    const error = await errorOf(bench.run({ url: server.url(), maxBytes: 5_000_000 }));
    expect(error.kind).toBe('TOO_LARGE');
    expect(await bench.files()).toEqual([]);
  });

  it('refuses a file that the disk has no room for', async () => {
    const bench = await Bench.open();
    const server = await serve((_, res) => res.writeHead(200, { 'content-length': 2 ** 52 }).write('x'));
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(DownloadError);
    expect(error).toMatchObject({ kind: 'DISK_FULL', message: expect.stringContaining('bytes free') });
  });

  it('fails the job when its folder cannot be made', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    await writeFile(join(bench.folder, 'taken'), 'a file');
    const error = await errorOf(bench.run({ url: server.url(), to: 'taken/below' }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error.kind).toBe('FILE');
  });
});

describe('checksums', () => {
  const sha512 = createHash('sha512').update(body).digest();

  it.each(['md5', 'sha1', 'sha256', 'sha512'] as const)('accepts the right %s', async (algorithm) => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    const value = createHash(algorithm).update(body).digest('hex');
    const result = await bench.run({ url: server.url(), checksum: { algorithm, value } });
    expect(result.checksum).toEqual({ algorithm, value, from: 'job' });
  });

  it('fails the job, and removes the file, when a clean download has the wrong one', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    const error = await errorOf(bench.run({ url: server.url(), checksum: `sha1:${'0'.repeat(40)}` }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error.kind).toBe('CHECKSUM');
    expect(await bench.files()).toEqual([]);
  });

  it('checks against the digest that the server sends', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      const wrong = req.url === '/wrong.bin' ? Buffer.alloc(64) : sha512;
      sendFile(req, res, { body, headers: { 'repr-digest': `sha-512=:${wrong.toString('base64')}:` } });
    });
    expect((await bench.run({ url: server.url() })).checksum).toMatchObject({ algorithm: 'sha512', from: 'server' });
    expect((await errorOf(bench.run({ url: server.url('/wrong.bin') }))).kind).toBe('CHECKSUM');
  });
});

describe('data of a job that cannot be right', () => {
  it.each([
    [{ url: 'not a url' }, 'url'],
    [{ url: 'ftp://host/file' }, 'url'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{ url: 'http://host/a\r\nX: y' }, 'url'],
    [{ url: 'http://host/', headers: { 'X-A': 'b\r\nX-Evil: 1' } }, 'headers.X-A'],
    [{ url: 'http://host/', headers: { 'X-A': 'nul\0' } }, 'headers.X-A'],
    [{ url: 'http://host/', headers: { 'X A': 'b' } }, 'headers.X A'],
    [{ url: 'http://host/', headers: { Range: 'bytes=0-' } }, 'headers.Range'],
    [{ url: 'http://host/', file: '../evil' }, 'file'],
    [{ url: 'http://host/', file: 'a:b' }, 'file'],
    [{ url: 'http://host/', checksum: 'sha256:abc' }, 'checksum'],
    [{ url: 'http://host/', maxBytes: 0 }, 'maxBytes'],
    [{ url: 'http://host/', overwrite: 'ask' }, 'overwrite'],
  ])('%j is refused when it is added', (data, path) => {
    const result = downloadInput.safeParse(data);
    expect(result.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('accepts its own output, since it is checked again before it runs', () => {
    const parsed = downloadInput.parse({ url: 'https://host/x', checksum: `md5:${'0'.repeat(32)}` });
    expect(downloadInput.parse(parsed)).toEqual(parsed);
  });

  it('refuses a folder with a link in the place of the part file', async () => {
    const { symlink } = await import('node:fs/promises');
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file));
    await mkdir(join(bench.folder, 'elsewhere'));
    await writeFile(join(bench.folder, 'elsewhere', 'precious'), 'precious');
    await symlink(join(bench.folder, 'elsewhere', 'precious'), join(bench.folder, 'file.bin.part'));
    expect((await errorOf(bench.run({ url: server.url() }))).kind).toBe('FILE');
    expect((await bench.read('elsewhere/precious')).toString()).toBe('precious');
  });
});

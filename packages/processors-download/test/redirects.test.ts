import { describe, expect, it } from 'vitest';
import { PermanentDownloadError } from '../src/errors';
import { contextFor } from './context';
import { Bench, errorOf, patterned, sendFile, serve } from './setup';
import { makeCertificate } from './tls';

const file = { body: patterned(10_000), etag: '"v1"' };

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    '%d is followed with GET, and the file is named by where it leads',
    async (status) => {
      const bench = await Bench.open();
      const server = await serve((req, res) => {
        if (req.url === '/start') res.writeHead(status, { location: '../real/name.zip#part' }).end('moved');
        else sendFile(req, res, file);
      });
      const result = await bench.run({ url: server.url('/start') });
      expect(result.finalUrl).toBe(server.url('/real/name.zip'));
      expect(await bench.files()).toEqual(['name.zip']);
    },
  );

  it('are followed up to the limit and not beyond', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      const left = Number(req.url?.slice(1));
      if (left > 0) res.writeHead(302, { location: `/${left - 1}` }).end();
      else sendFile(req, res, file);
    });
    expect(await bench.run({ url: server.url('/10') })).toMatchObject({ bytes: 10_000 });
    const error = await errorOf(bench.run({ url: server.url('/11') }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error).toMatchObject({ kind: 'REDIRECT', message: expect.stringContaining('more than 10') });
    expect((await errorOf(bench.run({ url: server.url('/1'), maxRedirects: 0 }))).kind).toBe('REDIRECT');
  });

  it('in a circle end at once', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      res.writeHead(302, { location: req.url === '/a' ? '/b#x' : '/a' }).end();
    });
    const error = await errorOf(bench.run({ url: server.url('/a') }));
    expect(error).toMatchObject({ kind: 'REDIRECT', message: expect.stringContaining('circle') });
    expect(server.hits).toHaveLength(2);
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/x', 'data:text/plain,x', 'javascript:alert(1)', 'http://['])(
    'to %s are refused',
    async (location) => {
      const bench = await Bench.open();
      const server = await serve((_, res) => res.writeHead(302, { location }).end());
      const error = await errorOf(bench.run({ url: server.url() }));
      expect(error).toBeInstanceOf(PermanentDownloadError);
      expect(error.kind).toBe('REDIRECT');
    },
  );

  it('from https to http are refused unless the job allows them', async () => {
    const { key, cert } = await makeCertificate();
    const bench = await Bench.open({ connect: { ca: cert } });
    const plain = await serve((req, res) => sendFile(req, res, file));
    const secure = await serve((_, res) => res.writeHead(302, { location: plain.url() }).end(), { key, cert });
    expect((await errorOf(bench.run({ url: secure.url() }))).kind).toBe('REDIRECT');
    expect(plain.hits).toHaveLength(0);
    expect(await bench.run({ url: secure.url(), allowInsecureRedirect: true })).toMatchObject({ bytes: 10_000 });
  });

  it('to another origin leave credentials and the caller’s headers behind, harmless ones excepted', async () => {
    const bench = await Bench.open();
    const other = await serve((req, res) => sendFile(req, res, file));
    const server = await serve((req, res) => {
      res.writeHead(302, { location: req.url === '/start' ? '/same' : other.url('/there.bin') }).end();
    });
    const headers = { Cookie: 'id=1', 'X-Api-Key': 'k', 'User-Agent': 'test/1' };
    const url = server.url('/start').replace('//', '//ann:s3cret@');
    await bench.run({ url, headers });
    const authorization = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`;
    const sent = { authorization, cookie: 'id=1', 'x-api-key': 'k', 'user-agent': 'test/1' };
    expect(server.hits[0]?.headers).toMatchObject(sent);
    expect(server.hits[1]?.headers).toMatchObject(sent);
    expect(other.hits[0]?.headers).toMatchObject({ 'user-agent': 'test/1' });
    for (const name of ['authorization', 'cookie', 'x-api-key'])
      expect(other.hits[0]?.headers).not.toHaveProperty(name);
  });

  it('with credentials in the new address do not send them', async () => {
    const bench = await Bench.open();
    const other = await serve((req, res) => sendFile(req, res, file));
    const server = await serve((_, res) =>
      res.writeHead(302, { location: other.url().replace('//', '//eve:x@') }).end(),
    );
    const result = await bench.run({ url: server.url() });
    expect(other.hits[0]?.headers).not.toHaveProperty('authorization');
    expect(result.finalUrl).toBe(other.url());
  });

  it('use the connection again after a short body', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      if (req.url === '/start') res.writeHead(302, { location: '/real.bin', 'content-length': 5 }).end('moved');
      else sendFile(req, res, file);
    });
    await bench.run({ url: server.url('/start') });
    expect(server.sockets.size).toBe(1);
  });
});

describe('secrets', () => {
  it('stand in no log, no error, no progress, no checkpoint, no result and no file', async () => {
    const bench = await Bench.open();
    const server = await serve((req, res) => {
      if (server.hits.length === 1) res.writeHead(302, { location: '/b.bin?X-Amz-Signature=hush1&v=2' }).end();
      else if (server.hits.length === 2) {
        res.writeHead(200, { 'content-length': 2_000_000, etag: '"v1"' });
        res.write(Buffer.alloc(1_500_000), () => res.socket?.end());
      } else sendFile(req, res, { body: Buffer.alloc(2_000_000), etag: '"v1"' });
    });
    const url = server.url('/a.bin?token=hush2').replace('//', '//ann:hush3@');
    const context = contextFor({ url, headers: { 'X-Key': 'hush4' } });
    const error = await errorOf(bench.service.run(context));
    const record = (await bench.read('b.bin.part.json')).toString();
    const again = bench.retry(context);
    const result = await bench.service.run(again);
    const said = [
      error.message,
      error.stack,
      record,
      result,
      context.logs,
      again.logs,
      context.reports,
      context.checkpoints,
      again.checkpoints,
    ];
    expect(result.finalUrl).toContain('a.bin?token=***');
    expect(JSON.stringify(said)).not.toMatch(/hush/);
  });
});

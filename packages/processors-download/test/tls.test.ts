import { describe, expect, it } from 'vitest';
import { PermanentDownloadError } from '../src/errors';
import { contextFor } from './context';
import { Bench, errorOf, patterned, sendCut, sendFile, serve } from './setup';
import { makeCertificate } from './tls';

const file = { body: patterned(2_000_000), etag: '"v1"' };

describe('HTTPS', () => {
  it('downloads and resumes when the certificate is trusted', async () => {
    const { key, cert } = await makeCertificate();
    const bench = await Bench.open({ connect: { ca: cert } });
    const server = await serve(
      (req, res) => (server.hits.length === 1 ? sendCut(res, file, 1_000_000) : sendFile(req, res, file)),
      { key, cert },
    );
    const first = contextFor({ url: server.url() });
    expect((await errorOf(bench.service.run(first))).kind).toBe('TRUNCATED');
    expect(await bench.service.run(bench.retry(first))).toMatchObject({ resumed: 1_000_000, bytes: 2_000_000 });
    expect((await bench.read('file.bin')).equals(file.body)).toBe(true);
  });

  it('fails the job when the certificate is signed by nobody who is trusted', async () => {
    const { key, cert } = await makeCertificate();
    const bench = await Bench.open();
    const server = await serve((req, res) => sendFile(req, res, file), { key, cert });
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error.kind).toBe('TLS');
    expect(server.hits).toHaveLength(0);
  });

  it('fails the job when the certificate is for another host', async () => {
    const { key, cert } = await makeCertificate('DNS:elsewhere.test');
    const bench = await Bench.open({ connect: { ca: cert } });
    const server = await serve((req, res) => sendFile(req, res, file), { key, cert });
    const error = await errorOf(bench.run({ url: server.url() }));
    expect(error).toBeInstanceOf(PermanentDownloadError);
    expect(error).toMatchObject({ kind: 'TLS', message: expect.stringContaining('ALTNAME') });
  });
});

import { createHash } from 'node:crypto';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RetryAtError } from '@leviathan/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DownloadError } from '../src/errors';
import { contextFor, type RecordedContext } from './context';
import { findNginx, type Nginx, startNginx } from './nginx';
import { Bench, errorOf, patterned } from './setup';

const binary = findNginx();

const MiB = 1024 * 1024;
const body = patterned(8 * MiB);
const locations = (root: string): string => `
  location /slow/ { alias ${root}/; limit_rate_after 5m; limit_rate 500k; }
  location /private/ { alias ${root}/; auth_basic "private"; auth_basic_user_file ${root}/../users; }
  location /no-ranges/ { alias ${root}/; max_ranges 0; }
  location /no-etag/ { alias ${root}/; etag off; }
  location /moved/ { return 302 /file.bin; }
  location /busy/ { add_header Retry-After 120 always; return 503; }
`;

describe('from a real nginx', () => {
  let nginx: Nginx | undefined;
  const url = (path: string): string => `http://127.0.0.1:${nginx?.port}${path}`;

  beforeEach(({ skip }) =>
    skip(binary === undefined, 'nginx is not installed; install it, or name it in LEVIATHAN_NGINX'),
  );
  beforeAll(async () => {
    if (binary === undefined) return;
    nginx = await startNginx(binary, locations);
    await writeFile(join(nginx.root, 'file.bin'), body);
    await utimes(join(nginx.root, 'file.bin'), new Date(0), new Date(0));
    await writeFile(join(nginx.root, 'paper.pdf'), 'a paper');
    await writeFile(join(nginx.root, '..', 'users'), 'ann:{PLAIN}s3cret\n');
  });
  afterAll(() => nginx?.stop());

  /** Aborts a download once it has this many bytes, and gives the context of the next attempt. */
  async function interrupt(bench: Bench, path: string, bytes: number): Promise<RecordedContext> {
    const context = contextFor({ url: url(path) });
    context.onProgress = (detail) => detail.bytes >= bytes && context.abort();
    await errorOf(bench.service.run(context));
    return bench.retry(context, { url: url(path) });
  }

  it('a file comes whole, with its type, tag and checksum', async () => {
    const bench = await Bench.open();
    const checksum = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    const result = await bench.run({ url: url('/file.bin'), checksum });
    expect(result).toMatchObject({ bytes: body.length, resumed: 0, etag: expect.stringMatching(/^"/) });
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
    expect(await bench.run({ url: url('/paper.pdf') })).toMatchObject({ mime: 'application/pdf' });
    expect(await bench.run({ url: url('/moved/') })).toMatchObject({ finalUrl: url('/file.bin') });
  });

  it('a download that was stopped continues where it was', async () => {
    const bench = await Bench.open();
    const again = await interrupt(bench, '/slow/file.bin', 2 * MiB);
    const result = await bench.service.run(again);
    expect(result.resumed).toBeGreaterThanOrEqual(2 * MiB);
    expect((await bench.read('file.bin')).equals(body)).toBe(true);
  });

  it('a changed file starts over', async () => {
    const bench = await Bench.open();
    const changing = join(nginx?.root ?? '', 'changing.bin');
    await writeFile(changing, body);
    const again = await interrupt(bench, '/slow/changing.bin', 2 * MiB);
    const newer = patterned(MiB, 5);
    await writeFile(changing, newer);
    expect(await bench.service.run(again)).toMatchObject({ resumed: 0, bytes: MiB });
    expect((await bench.read('changing.bin')).equals(newer)).toBe(true);
  });

  it('a server without ranges, and one without tags, are no trouble', async () => {
    const bench = await Bench.open();
    expect(await bench.run({ url: url('/no-ranges/file.bin') })).toMatchObject({ bytes: body.length });
    expect(await bench.run({ url: url('/no-etag/file.bin') })).toMatchObject({ bytes: body.length });
  });

  it('credentials of the URL open what is private', async () => {
    const bench = await Bench.open();
    expect((await errorOf(bench.run({ url: url('/private/file.bin') }))).message).toContain('401');
    const open = url('/private/file.bin').replace('//', '//ann:s3cret@');
    expect(await bench.run({ url: open })).toMatchObject({ bytes: body.length, finalUrl: url('/private/file.bin') });
  });

  it('a busy server sets the time of the next attempt; a missing file fails the job', async () => {
    const bench = await Bench.open();
    expect(await errorOf(bench.run({ url: url('/busy/') }))).toBeInstanceOf(RetryAtError);
    const missing = await errorOf(bench.run({ url: url('/missing') }));
    expect(missing).not.toBeInstanceOf(DownloadError);
    expect(missing).toMatchObject({ kind: 'HTTP_STATUS', message: expect.stringContaining('404') });
  });
});

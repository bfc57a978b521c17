import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseRange, serveSample } from './sample-server.mjs';

const bytes = 300_000;

async function sample(seconds = 0.01) {
  const served = await serveSample({ bytes, seconds });
  onTestFinished(served.close);
  return served;
}

/** @param {Buffer} content */
const sha256 = (content) => createHash('sha256').update(content).digest('hex');

describe('the sample server', () => {
  it('serves the whole file, with its length and a strong ETag', async () => {
    const served = await sample();
    const response = await fetch(served.url);
    const content = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(bytes));
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]+"$/);
    expect(sha256(content)).toBe(served.sha256);
  });

  it('serves the rest of the file to a client that resumes', async () => {
    const served = await sample();
    const whole = Buffer.from(await (await fetch(served.url)).arrayBuffer());
    const etag = (await fetch(served.url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const rest = await fetch(served.url, { headers: { range: 'bytes=100000-', 'if-range': etag } });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 100000-${bytes - 1}/${bytes}`);
    expect(Buffer.from(await rest.arrayBuffer()).equals(whole.subarray(100_000))).toBe(true);
  });

  it('serves the whole file where the client has a part of another one', async () => {
    const served = await sample();
    const response = await fetch(served.url, { headers: { range: 'bytes=100000-', 'if-range': '"other"' } });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });

  it('refuses a range outside the file', async () => {
    const served = await sample();
    const response = await fetch(served.url, { headers: { range: `bytes=${bytes}-` } });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${bytes}`);
  });

  it('takes the time it was told to, however many connections share it', async () => {
    const served = await sample(0.4);
    const started = performance.now();
    await Promise.all(
      [`bytes=0-${bytes / 2 - 1}`, `bytes=${bytes / 2}-`].map(async (range) =>
        (await fetch(served.url, { headers: { range } })).arrayBuffer(),
      ),
    );
    // The last slice is sent at once, so it is a little less.
    expect(performance.now() - started).toBeGreaterThan(250);
  });
});

it.each([
  [undefined, undefined],
  ['bytes=0-0', { from: 0, to: 0 }],
  ['bytes=5-', { from: 5, to: 9 }],
  ['bytes=5-100', { from: 5, to: 9 }],
  ['bytes=-3', { from: 7, to: 9 }],
  ['bytes=-30', { from: 0, to: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-2', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,3-4', undefined],
  ['items=0-1', undefined],
])('range %s of 10 bytes is %j', (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected);
});

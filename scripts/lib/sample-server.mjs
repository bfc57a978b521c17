/** A sample file over HTTP for `npm start` without a URL: real enough to resume (Range, ETag), slow enough to watch. */
import { createCipheriv, createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const sliceBytes = 64 * 1024;

/**
 * @typedef {object} Sample
 * @property {string} url
 * @property {number} bytes
 * @property {string} sha256 Of the whole file, in hex.
 * @property {() => Promise<void>} close
 */

/**
 * Serves a generated file on a free port of the loopback interface.
 *
 * @param {{ bytes: number, seconds: number }} options `seconds`: what one download of it takes, shared by all connections.
 * @returns {Promise<Sample>}
 */
export async function serveSample({ bytes, seconds }) {
  const content = sampleContent(bytes);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const etag = `"${sha256.slice(0, 32)}"`;
  const take = throttle(bytes / seconds);

  const server = createServer(async (request, response) => {
    const stillValid = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const range = stillValid ? parseRange(request.headers.range, bytes) : undefined;
    const headers = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes', etag };
    if (range === 'unsatisfiable') {
      response.writeHead(416, { ...headers, 'content-range': `bytes */${bytes}` }).end();
      return;
    }
    const { from, to } = range ?? { from: 0, to: bytes - 1 };
    const part = range === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${bytes}` };
    response.writeHead(range === undefined ? 200 : 206, { ...headers, ...part, 'content-length': to - from + 1 });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    for (let at = from; at <= to && !response.destroyed; at += sliceBytes) {
      const slice = content.subarray(at, Math.min(at + sliceBytes, to + 1));
      await take(slice.length);
      response.write(slice);
    }
    response.end();
  });

  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sample server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/sample.bin`,
    bytes,
    sha256,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The same bytes on every machine, and none that a disk or a proxy could compress away. @param {number} bytes */
function sampleContent(bytes) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/**
 * One byte range of RFC 9110, 14.2. Undefined means the whole file: no range, or one that this server need not serve.
 *
 * @param {string | undefined} header
 * @param {number} bytes
 * @returns {{ from: number, to: number } | 'unsatisfiable' | undefined}
 */
export function parseRange(header, bytes) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (from >= bytes || (first === '' && Number(last) === 0)) return 'unsatisfiable';
  return from > to ? undefined : { from, to };
}

/**
 * Holds all connections together to one rate.
 *
 * @param {number} bytesPerSecond
 */
function throttle(bytesPerSecond) {
  let free = 0;
  return async (/** @type {number} */ bytes) => {
    const now = performance.now();
    const start = Math.max(free, now);
    free = start + (bytes / bytesPerSecond) * 1000;
    if (start > now) await pause(start - now);
  };
}

/**
 * `Content-Encoding`, for servers that compress although identity was asked for.
 *
 * @module
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { DownloadError, PermanentDownloadError } from '../../errors';
import type { Sink } from '../../protocol';

/** How the body must be decoded. */
export type Coding = 'gzip' | 'deflate' | 'br';

/** Types and names of files that are compressed themselves: for them servers often send the file's own format as the coding. */
const GZIP_TYPES = /^application\/(?:x-)?(?:gzip|tgz|gtar|compressed|tar\+gzip|gtar-compressed)\b/i;
const GZIP_NAMES = /\.(?:gz|tgz|svgz|taz)$/i;

/**
 * The coding to take off, or `undefined` when the bytes are the file as they come.
 *
 * @throws PermanentDownloadError for a coding that cannot be taken off here
 */
export function codingOf(header: string | undefined, mime: string | undefined, names: string[]): Coding | undefined {
  const coding = (header ?? '').trim().toLowerCase().replace(/^x-/, '');
  if (coding === '' || coding === 'identity') return undefined;
  if (coding === 'gzip' && (GZIP_TYPES.test(mime ?? '') || names.some((name) => GZIP_NAMES.test(name))))
    return undefined;
  if (coding === 'gzip' || coding === 'deflate' || coding === 'br') return coding;
  const message = 'The server compressed the file in a way that cannot be undone here, although it was asked not to.';
  throw new PermanentDownloadError('BAD_RESPONSE', message);
}

/** Decodes what `read` delivers into `sink`, one piece at a time, so that a small body which grows without end is noticed by the sink. */
export async function readDecoded(coding: Coding, read: (sink: Sink) => Promise<void>, sink: Sink): Promise<void> {
  const decoder = makeDecoder(coding);
  const output = (async () => {
    for await (const chunk of decoder) await sink(chunk as Buffer);
  })();
  const input = read((chunk) => {
    if (decoder.destroyed || decoder.write(chunk)) return;
    return new Promise((resolve) => {
      decoder.once('drain', resolve).once('close', resolve);
    });
  }).then(() => decoder.end());
  try {
    // Whichever fails first ends the other.
    await Promise.all([input, output]);
  } catch (error) {
    decoder.destroy();
    await output.catch(() => undefined);
    if (!isZlibError(error)) throw error;
    throw new DownloadError('BAD_RESPONSE', `The compressed body cannot be decoded (${error.code}).`, { cause: error });
  }
}

function makeDecoder(coding: Coding): Transform {
  if (coding === 'br') return createBrotliDecompress();
  return coding === 'gzip' ? createGunzip() : createInflate();
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:Z_|ERR_?_)/.test(error.code)
  );
}

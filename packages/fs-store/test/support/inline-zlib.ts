/**
 * zlib without its threads. They take as long as they like, and meanwhile everything else goes on: the same seed would not give the same
 * recording.
 *
 * @module
 */
import { syncBuiltinESMExports } from 'node:module';
import { Transform, type TransformCallback } from 'node:stream';
import zlib from 'node:zlib';

/** Has all streams of this process (de)compress inline, once all of their input is there. */
export function inlineZlib(): void {
  Object.defineProperties(zlib, {
    createGzip: { value: (options?: zlib.ZlibOptions) => inline((input, push) => push(zlib.gzipSync(input, options))) },
    createGunzip: { value: () => inline(unpack) },
  });
  syncBuiltinESMExports();
}

/** As a stream does it: what stands in front of a missing end is given, and then the error. */
function unpack(input: Buffer, push: (bytes: Buffer) => void): void {
  try {
    push(zlib.gunzipSync(input));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
      push(zlib.gunzipSync(input, { finishFlush: zlib.constants.Z_SYNC_FLUSH }));
    }
    throw error;
  }
}

function inline(run: (input: Buffer, push: (bytes: Buffer) => void) => void): Transform {
  const chunks: Buffer[] = [];
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
    flush(done: TransformCallback) {
      try {
        run(Buffer.concat(chunks), (bytes) => this.push(bytes));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

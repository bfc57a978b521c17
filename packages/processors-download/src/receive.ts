/**
 * From the network into the part file.
 *
 * @module
 */
import { basename, dirname } from 'node:path';
import type { Attempt } from './attempt';
import { DownloadError, PermanentDownloadError } from './errors';
import { bootId } from './files/boot';
import type { PartFile } from './files/part';
import { RecordedWriter } from './files/recorder';
import { ensureSpace } from './files/space';
import type { RemoteFile, RemoteSource } from './protocol';
import { redactUrl } from './redact';
import { knownOf, recordOf } from './resume';

/** A file shorter than this is not worth telling the queue where its part is. */
const CHECKPOINT_BYTES = 1024 * 1024;

/** All bytes are in the part file and on the disk. */
export interface Received {
  remote: RemoteFile;
  bytes: number;
  /** How many of them earlier attempts had brought. */
  resumed: number;
}

/** Reads a source to its end, and asks for more when the server serves the file in pieces. Closes the sources. */
export async function receiveAll(attempt: Attempt, part: PartFile, first: RemoteSource): Promise<Received> {
  const { host } = attempt.url;
  const resumed = first.file.offset;
  if (resumed > 0) attempt.ctx.log(`Resumed at ${resumed} bytes.`);
  const known = resumed > 0 && part.found !== undefined ? knownOf(part.found) : undefined;
  let source = first;
  for (;;) {
    const remote: RemoteFile = { ...known, ...source.file };
    const bytes = await receive(attempt, part, source, remote);
    const { total, end, offset, validator } = remote;
    if (total === undefined || bytes === total) return { remote, bytes, resumed };
    if (bytes !== end || bytes === offset)
      throw new DownloadError('TRUNCATED', `${host} sent ${bytes} of ${total} bytes.`);
    const resume = { offset: bytes, total, ...(validator !== undefined && { validator }) };
    source = await attempt.protocol.open({ ...attempt.request, resume });
    if (source.file.offset !== bytes) {
      source.close();
      throw new DownloadError(
        'BAD_RESPONSE',
        `${host} stopped in the middle of the file, and then did not continue there.`,
      );
    }
  }
}

/** Resolves with the bytes that the part file holds at the clean end of the source. */
async function receive(attempt: Attempt, part: PartFile, source: RemoteSource, remote: RemoteFile): Promise<number> {
  try {
    return await write(attempt, part, source, remote);
  } catch (error) {
    // Nobody will ever continue a file that may not be this large.
    if (error instanceof PermanentDownloadError && error.kind === 'TOO_LARGE') await part.discard();
    throw error;
  } finally {
    source.close();
  }
}

async function write(attempt: Attempt, part: PartFile, source: RemoteSource, remote: RemoteFile): Promise<number> {
  const { ctx, progress, url } = attempt;
  const { offset, total, end } = remote;
  checkSize(attempt, total ?? 0);
  // What stands behind the offset is of unknown origin: a write that was under way when the power went.
  await part.handle.truncate(offset);
  if (total !== undefined) await ensureSpace(attempt.folder, total - offset);
  const failure = new AbortController();
  const record = recordOf(remote, attempt.owner, redactUrl(url), await bootId());
  const recorded = new RecordedWriter(part, record, offset, attempt.clock, (error) => {
    failure.abort(error);
    source.close();
  });
  const { writer } = recorded;
  await recorded.start();
  progress.begin(basename(part.target), total, () => writer.received);
  try {
    if (total === undefined || total > CHECKPOINT_BYTES) {
      await ctx.checkpoint({ folder: dirname(part.target), name: basename(part.target) });
    }
    await source.read((chunk) => {
      const wait = writer.write(chunk);
      checkSize(attempt, writer.received);
      if (end !== undefined && writer.received > end) {
        throw new DownloadError('BAD_RESPONSE', `${url.host} sent more bytes than it announced.`);
      }
      return wait;
    });
  } catch (error) {
    await recorded.stop();
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
  const { received } = writer;
  await (total === undefined || received === total ? recorded.complete() : recorded.stop());
  failure.signal.throwIfAborted();
  return received;
}

function checkSize({ input }: Attempt, bytes: number): void {
  if (input.maxBytes === undefined || bytes <= input.maxBytes) return;
  throw new PermanentDownloadError(
    'TOO_LARGE',
    `The file is larger than the ${input.maxBytes} bytes that are allowed.`,
  );
}

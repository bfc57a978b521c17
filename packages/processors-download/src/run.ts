/**
 * One attempt of one download, from the first look at the disk to the file under its final name.
 *
 * @module
 */
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Attempt, beginAttempt, type DownloadContext, type Environment } from './attempt';
import { publishedBefore, readCheckpoint } from './checkpoint';
import { type Checksum, checksumFile, sameChecksum } from './checksum';
import { fileError, PermanentDownloadError } from './errors';
import { chooseName } from './files/choose-name';
import type { PartFile } from './files/part';
import { exists, isTaken, publish, sweep } from './files/publish';
import { claimPart, findPart } from './files/target';
import type { DownloadResult } from './input';
import { urlNames } from './names';
import type { RemoteFile, RemoteSource } from './protocol';
import { type Received, receiveAll } from './receive';
import { redactUrl } from './redact';
import { completeFile, isSameFile, resumePoint } from './resume';

/** The part file, once there is one: whoever opens it puts it here, and it is closed at the end of the attempt. */
interface Slot {
  part?: PartFile;
}

/** Downloads a file. Rejects with an error of this package, or with the reason of the context's signal. */
export async function runDownload(environment: Environment, ctx: DownloadContext): Promise<DownloadResult> {
  const attempt = beginAttempt(environment, ctx);
  const slot: Slot = {};
  try {
    return await download(attempt, slot);
  } catch (error) {
    // Whatever broke because of the abort: the abort is the reason.
    if (ctx.signal.aborted) throw ctx.signal.reason;
    throw fileError(error, attempt.folder);
  } finally {
    attempt.progress.stop();
    await slot.part?.close();
  }
}

async function download(attempt: Attempt, slot: Slot): Promise<DownloadResult> {
  const { ctx, input, folder, owner, rule } = attempt;
  await mkdir(folder, { recursive: true });
  const earlier = readCheckpoint(ctx.lastCheckpoint, folder, input.file);
  const published = await publishedBefore(earlier);
  if (earlier !== undefined && published !== undefined) {
    await sweep(join(folder, earlier.name), published.file);
    return published;
  }
  if (input.file !== undefined && (rule === 'skip' || rule === 'error')) {
    const target = join(folder, input.file);
    if (await isTaken(target)) return skipOrFail(attempt, target);
  }
  const guess = input.file ?? chooseName(urlNames(attempt.url), undefined);
  const found = await findPart(folder, earlier?.name, guess, owner);
  if (found !== undefined) slot.part = found;

  let received = await fetch(attempt, slot, 'resume');
  if ('skip' in received) return skipOrFail(attempt, received.skip);
  let checksum = await verify(attempt, slot, received);
  if (checksum === 'wrong' && received.resumed > 0) {
    // The join may be at fault, so the file gets one clean start before the job fails.
    ctx.log('The checksum is wrong after a resume: starting over.', { level: 'warn' });
    received = await fetch(attempt, slot, 'restart');
    if ('skip' in received) return skipOrFail(attempt, received.skip);
    checksum = await verify(attempt, slot, received);
  }
  if (checksum === 'wrong') {
    await slot.part?.discard();
    const { algorithm, value } = expected(attempt, received.remote) as Checksum;
    throw new PermanentDownloadError(
      'CHECKSUM',
      `The file does not have the checksum ${algorithm}:${value}. It was removed.`,
    );
  }
  return finish(attempt, slot, received, checksum);
}

/** Brings all bytes into the part file, or finds the file that lets the job skip that. */
async function fetch(attempt: Attempt, slot: Slot, mode: 'resume' | 'restart'): Promise<Received | { skip: string }> {
  const { input, owner, protocol, request, folder, rule, ctx } = attempt;
  const hasChecksum = input.checksum !== undefined;
  const kept = mode === 'resume' ? slot.part : undefined;
  // The attempt before this one may have died between the last byte and the final name.
  const complete = kept && completeFile(kept, owner);
  if (complete !== undefined) return { remote: complete, bytes: complete.offset, resumed: complete.offset };
  const resume = kept && resumePoint(kept, owner, hasChecksum);
  let source: RemoteSource = await protocol.open({ ...request, ...(resume && { resume }) });
  try {
    if (slot.part === undefined) {
      const name = input.file ?? chooseName(source.file.names, source.file.mime);
      const claimed = await claimPart(folder, name, rule, owner);
      if ('skip' in claimed) return claimed;
      slot.part = claimed;
      if (!claimed.guarded)
        ctx.log('This file system cannot lock files: keep other downloads away from it.', { level: 'warn' });
      // Only the answer told the name, and under that name stands a part of this very file.
      const late = isSameFile(claimed, source.file) ? resumePoint(claimed, owner, hasChecksum) : undefined;
      if (late !== undefined) {
        source.close();
        source = await protocol.open({ ...request, resume: late });
      }
    }
    return await receiveAll(attempt, slot.part, source);
  } finally {
    source.close();
  }
}

/** What the file was checked against; `undefined` when there was nothing to check it against. */
async function verify(attempt: Attempt, slot: Slot, received: Received): Promise<DownloadResult['checksum'] | 'wrong'> {
  const wanted = expected(attempt, received.remote);
  if (wanted === undefined || slot.part === undefined) return undefined;
  attempt.progress.phase = 'verifying';
  attempt.progress.report();
  const actual = await checksumFile(slot.part.handle, received.bytes, wanted.algorithm, attempt.ctx.signal);
  if (!sameChecksum(wanted, actual)) return 'wrong';
  return { ...wanted, from: attempt.input.checksum === undefined ? 'server' : 'job' };
}

function expected({ input }: Attempt, remote: RemoteFile): Checksum | undefined {
  return input.checksum ?? remote.digest;
}

async function finish(
  attempt: Attempt,
  { part }: Slot,
  { remote, bytes, resumed }: Received,
  checksum: DownloadResult['checksum'],
): Promise<DownloadResult> {
  const { ctx, folder } = attempt;
  if (part === undefined) throw new Error('A received file has a part file.');
  const name = basename(part.target);
  const result: DownloadResult = {
    file: part.target,
    bytes,
    skipped: false,
    ...(checksum && { checksum }),
    ...(remote.mime !== undefined && { mime: remote.mime }),
    ...(remote.etag !== undefined && { etag: remote.etag }),
    finalUrl: remote.finalUrl,
    resumed,
    seconds: attempt.seconds(),
  };
  const inode = String((await part.handle.stat({ bigint: true })).ino);
  ctx.signal.throwIfAborted();
  const file = await publish(part, name, attempt.rule, (path) =>
    ctx.checkpoint({ folder, name, published: { inode, result: { ...result, file: path } } }),
  );
  if (file === undefined) {
    await part.discard();
    return skipOrFail(attempt, part.target);
  }
  ctx.progress(100, attempt.progress.finished(bytes));
  return { ...result, file };
}

async function skipOrFail(attempt: Attempt, file: string): Promise<DownloadResult> {
  if (attempt.rule === 'error') throw exists(file);
  const { size } = await stat(file);
  attempt.ctx.log(`${file} exists already: nothing was downloaded.`);
  return { file, bytes: size, skipped: true, finalUrl: redactUrl(attempt.url), resumed: 0, seconds: attempt.seconds() };
}

/**
 * What an earlier attempt left, and whether it can be continued.
 *
 * @module
 */
import { parseChecksum } from './checksum';
import type { ControlRecord } from './files/control';
import type { RecordBase } from './files/recorder';
import type { Owner } from './owner';
import type { RemoteFile, ResumePoint } from './protocol';

/** A part file as far as this matters here. */
export interface Leftover {
  readonly found: ControlRecord | undefined;
  readonly usable: number;
}

/** The file as its record describes it, when every byte of it is here already: only its final name is missing. */
export function completeFile({ found, usable }: Leftover, owner: Owner): RemoteFile | undefined {
  if (found === undefined || found.source !== owner.source || found.total !== usable) return undefined;
  return { ...knownOf(found), offset: usable, total: usable, end: usable };
}

/**
 * Where to continue; `undefined` when the file must start over.
 *
 * @param hasChecksum the job names a checksum. Without that and without a strong validator nothing would tell that the two halves
 *   belong to the same file, so then there is no continuing.
 */
export function resumePoint({ found, usable }: Leftover, owner: Owner, hasChecksum: boolean): ResumePoint | undefined {
  if (found === undefined || usable === 0 || !found.resumable || found.source !== owner.source) return undefined;
  const { validator, total } = found;
  if (validator === undefined && !hasChecksum) return undefined;
  return { offset: usable, ...(validator !== undefined && { validator }), ...(total !== undefined && { total }) };
}

/** Whether what the server says now describes the file that the leftover is a part of. */
export function isSameFile({ found }: Leftover, now: RemoteFile): boolean {
  return (
    found !== undefined &&
    found.validator !== undefined &&
    found.validator === now.validator &&
    found.total === now.total
  );
}

/** What the record knows about the remote file and the answer to a range request may leave out. */
export function knownOf(record: ControlRecord): Omit<RemoteFile, 'offset'> {
  const { total, validator, mime, etag } = record;
  const digest = record.digest === undefined ? undefined : parseChecksum(record.digest);
  return {
    names: [],
    finalUrl: record.finalUrl,
    resumable: record.resumable,
    ...(total !== undefined && { total }),
    ...(validator !== undefined && { validator }),
    ...(mime !== undefined && { mime }),
    ...(etag !== undefined && { etag }),
    ...(digest && { digest }),
  };
}

/** The record for a file that is being received. */
export function recordOf(file: RemoteFile, owner: Owner, url: string, boot: string | undefined): RecordBase {
  const { validator, etag, mime, total, digest } = file;
  return {
    ...owner,
    url,
    finalUrl: file.finalUrl,
    resumable: file.resumable,
    ...(validator !== undefined && { validator }),
    ...(etag !== undefined && { etag }),
    ...(mime !== undefined && { mime }),
    ...(total !== undefined && { total }),
    ...(digest && { digest: `${digest.algorithm}:${digest.value}` }),
    ...(boot !== undefined && { boot }),
  };
}

/**
 * What can go wrong with a download. Every error carries a stable `kind`; the class decides whether the job tries again:
 *
 * | class | the job |
 * |---|---|
 * | {@link DownloadError} | tries again after its backoff, from where it stopped |
 * | `RetryAtError` of core | tries again when the server asked for it |
 * | {@link PermanentDownloadError} | fails now: another attempt would end the same way |
 *
 * No message holds a password, a token or a header's value.
 *
 * @module
 */
import { LeviathanError, UnrecoverableError } from '@leviathan/core';

/** What went wrong; these names never change. */
export const DOWNLOAD_ERROR_KINDS = [
  /** The URL, a header or a name cannot be used, or nothing here speaks the URL's protocol. */
  'BAD_REQUEST',
  /** The server answered with a status that is neither the file nor a redirect. */
  'HTTP_STATUS',
  /** The server's answer contradicts HTTP, itself, or what was asked. */
  'BAD_RESPONSE',
  /** A redirect that is not followed: too many, a loop, to an unencrypted or foreign address. */
  'REDIRECT',
  /** The connection could not be made, or broke. */
  'NETWORK',
  /** The server's certificate is not valid for this host. */
  'TLS',
  /** No connection, or no byte, within the time allowed. */
  'TIMEOUT',
  /** The server closed before the announced length was reached. */
  'TRUNCATED',
  /** More bytes than `maxBytes`. */
  'TOO_LARGE',
  /** The bytes do not have the checksum they should have. */
  'CHECKSUM',
  /** There is no room on the disk for the file. The part so far is kept. */
  'DISK_FULL',
  /** The target folder or file could not be written. */
  'FILE',
  /** There is a file of this name already, and `overwrite` is `error`. */
  'EXISTS',
  /** Another job is writing to this target at the moment. */
  'BUSY',
] as const;

/** One of {@link DOWNLOAD_ERROR_KINDS}. */
export type DownloadErrorKind = (typeof DOWNLOAD_ERROR_KINDS)[number];

/** An attempt failed; a later one may succeed, and resumes. Its `code` is its kind. */
export class DownloadError extends LeviathanError {
  constructor(
    readonly kind: DownloadErrorKind,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(kind, message, options);
  }
}

/**
 * The download cannot succeed as it was asked for: the job fails whatever attempts are left. Its `code` is `UNRECOVERABLE`, by which the
 * queue knows that.
 */
export class PermanentDownloadError extends UnrecoverableError {
  constructor(
    readonly kind: DownloadErrorKind,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The `code` of an error of Node or undici, or an empty string. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** Errors of the file system that stay until a person does something. */
const LASTING: Record<string, string> = {
  EACCES: 'check its permissions',
  EPERM: 'check its permissions',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'a part of its path is not a folder',
  ENAMETOOLONG: 'its path is too long',
  ELOOP: 'its path holds a circle of links',
  EFBIG: 'its file system does not take files this large',
};

/** An error of the file system as a download error that says what to do; any other value as the error that it is. */
export function fileError(error: unknown, folder: string): Error {
  if (!(error instanceof Error) || error instanceof LeviathanError || !('syscall' in error)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `The disk is full: nothing more can be written to ${folder}. What is there is kept; free some space and retry.`;
    return new DownloadError('DISK_FULL', message, options);
  }
  const lasting = LASTING[code];
  if (lasting !== undefined) {
    return new PermanentDownloadError('FILE', `Cannot write to ${folder} (${code}): ${lasting}.`, options);
  }
  return new DownloadError('FILE', `Cannot write to ${folder} (${code}).`, options);
}

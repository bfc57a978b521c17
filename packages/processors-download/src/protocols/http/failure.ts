/**
 * Which failures are worth another attempt, and when.
 *
 * @module
 */
import { LeviathanError, RetryAtError } from '@leviathan/core';
import { codeOf, DownloadError, PermanentDownloadError } from '../../errors';
import { parseHttpDate } from './validator';

/** A server that asks for a longer wait gets this one: a job that sleeps for a month helps nobody. */
export const MAX_RETRY_AFTER_MS = 6 * 60 * 60 * 1000;

/** Codes of OpenSSL and Node for a certificate that is not valid for the host; retrying cannot help. */
const CERTIFICATE =
  /^(?:CERT_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_)/;

const SENTENCES: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection',
  EPIPE: 'broke the connection',
  ETIMEDOUT: 'did not answer',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached: there is no network',
  EAI_AGAIN: 'has no address at the moment: the name server does not answer',
  ENOTFOUND: 'has no address: is the name right, and is there a network?',
  UND_ERR_SOCKET: 'closed the connection',
};

/** The error for a status that is not the file. `now` is epoch milliseconds. */
export function statusError(status: number, host: string, retryAfter: string | undefined, now: number): Error {
  const message = `${host} answered with status ${status}.`;
  // RFC 9110 section 15.5: the other client errors say that the same request will fail again.
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) {
    return new PermanentDownloadError('HTTP_STATUS', `${message}${advice(status)}`);
  }
  const at = retryTime(retryAfter, now);
  if (at === undefined) return new DownloadError('HTTP_STATUS', message);
  return new RetryAtError(at, `${message} It asked to come back at ${new Date(at).toISOString()}.`);
}

/** Epoch milliseconds that a `Retry-After` names (RFC 9110 section 10.2.3: seconds or a date), never in the past nor too far ahead. */
export function retryTime(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const at = /^\d+$/.test(text) ? now + Number(text) * 1000 : parseHttpDate(text);
  return at === undefined ? undefined : Math.min(Math.max(at, now), now + MAX_RETRY_AFTER_MS);
}

/** An error of Node or undici as one of this package. Messages name the host alone: undici's may quote the request. */
export function connectionError(error: unknown, host: string, phase: 'request' | 'body'): Error {
  if (error instanceof LeviathanError) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (CERTIFICATE.test(code)) {
    const message = `The certificate of ${host} is not valid (${code}). Nothing was downloaded; check the address and the clock.`;
    return new PermanentDownloadError('TLS', message, options);
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new DownloadError('TIMEOUT', `${host} sent nothing for too long.`, options);
  }
  const isParserError = error instanceof Error && error.name === 'HTTPParserError';
  const isClosed =
    code === 'UND_ERR_SOCKET' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ||
    // Chunks that end without the last one.
    (isParserError && /\bEOF\b/.test(error.message));
  if (phase === 'body' && isClosed) {
    return new DownloadError('TRUNCATED', `${host} closed the connection before the end of the file.`, options);
  }
  if (isParserError || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new DownloadError('BAD_RESPONSE', `${host} sent something that is not valid HTTP.`, options);
  }
  const sentence = SENTENCES[code] ?? 'could not be talked to';
  return new DownloadError('NETWORK', `${host} ${sentence}${code === '' ? '' : ` (${code})`}.`, options);
}

function advice(status: number): string {
  if (status === 401 || status === 407) return ' It wants credentials, or does not accept those that were given.';
  if (status === 403) return ' Access is not allowed, or a signed link has expired.';
  return status === 404 || status === 410 ? ' There is no such file.' : '';
}

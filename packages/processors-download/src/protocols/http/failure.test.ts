import { describe, expect, it } from 'vitest';
import { DownloadError, fileError, PermanentDownloadError } from '../../errors';
import { connectionError, retryTime } from './failure';

const withCode = (code: string, more = {}): Error => Object.assign(new Error('secret=hush'), { code, ...more });

describe('connectionError', () => {
  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('%s is for good', (code) => {
    expect(connectionError(withCode(code), 'host', 'request')).toBeInstanceOf(PermanentDownloadError);
  });

  it.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND', 'ENETUNREACH', 'EPROTO', ''])(
    '%s is worth another attempt',
    (code) => {
      const error = connectionError(withCode(code), 'host', 'request');
      expect(error).toBeInstanceOf(DownloadError);
      expect(error).toMatchObject({ kind: 'NETWORK' });
    },
  );

  it('quotes nothing of the request', () => {
    for (const code of ['ECONNRESET', 'CERT_HAS_EXPIRED', 'UND_ERR_INVALID_ARG']) {
      expect(connectionError(withCode(code), 'host', 'body').message).not.toContain('hush');
    }
  });
});

describe('retryTime', () => {
  it.each([
    ['0', 0],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 60_000],
    ['99999999999', 6 * 3_600_000],
  ])('%j -> %d', (header, at) => {
    expect(retryTime(header, 0)).toBe(at);
  });

  it.each([undefined, '', '-5', '1.5', 'soon', '5 seconds'])('understands nothing of %j', (header) => {
    expect(retryTime(header, 0)).toBeUndefined();
  });
});

describe('fileError', () => {
  it('says what to do, and whether waiting helps', () => {
    const full = fileError(withCode('ENOSPC', { syscall: 'write' }), '/d');
    expect(full).toBeInstanceOf(DownloadError);
    expect(full).toMatchObject({ kind: 'DISK_FULL', message: expect.stringContaining('free some space') });
    const denied = fileError(withCode('EACCES', { syscall: 'open' }), '/d');
    expect(denied).toBeInstanceOf(PermanentDownloadError);
    expect(denied.message).toContain('permissions');
    expect(fileError(withCode('EIO', { syscall: 'write' }), '/d')).toMatchObject({ kind: 'FILE' });
  });

  it('leaves other errors as they are', () => {
    const bug = new TypeError('x is not a function');
    expect(fileError(bug, '/d')).toBe(bug);
  });
});

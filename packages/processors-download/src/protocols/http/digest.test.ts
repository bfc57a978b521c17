import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { headerDigest } from './digest';

const sha256 = createHash('sha256').update('x').digest();
const sha512 = createHash('sha512').update('x').digest();
const md5 = createHash('md5').update('x').digest();

describe('headerDigest', () => {
  it('reads Repr-Digest and takes the strongest algorithm', () => {
    const header = `sha-256=:${sha256.toString('base64')}:, sha-512=:${sha512.toString('base64')}:`;
    expect(headerDigest({ 'repr-digest': header })).toEqual({ algorithm: 'sha512', value: sha512.toString('hex') });
  });

  it('reads the older Digest', () => {
    const header = `SHA-256=${sha256.toString('base64')},unixsum=30637`;
    expect(headerDigest({ digest: header })).toEqual({ algorithm: 'sha256', value: sha256.toString('hex') });
    expect(headerDigest({ digest: `MD5=${md5.toString('base64')}` })?.value).toBe(md5.toString('hex'));
  });

  it('takes a malformed digest for none', () => {
    for (const header of ['', 'sha-256', 'sha-256=abc', 'sha-256=:abc:', 'unknown=:YQ==:', '=;,=,']) {
      expect(headerDigest({ 'repr-digest': header })).toBeUndefined();
    }
    expect(headerDigest({})).toBeUndefined();
  });
});

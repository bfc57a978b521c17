import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKSUM_ALGORITHMS, checksumFile, parseChecksum, sameChecksum, toChecksum } from './checksum';

const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('parseChecksum', () => {
  it('reads hexadecimal and base64, with the names that tools print', () => {
    const expected = { algorithm: 'md5', value: EMPTY_MD5 };
    expect(parseChecksum(`md5:${EMPTY_MD5}`)).toEqual(expected);
    expect(parseChecksum(` MD5:${EMPTY_MD5.toUpperCase()} `)).toEqual(expected);
    expect(parseChecksum('md5:1B2M2Y8AsgTpgAmY7PhCfg==')).toEqual(expected);
    expect(toChecksum('SHA-256', 'ab'.repeat(32))).toEqual({ algorithm: 'sha256', value: 'ab'.repeat(32) });
    expect(toChecksum('SHA', 'ab'.repeat(20))?.algorithm).toBe('sha1');
  });

  it.each([
    '',
    'md5',
    'md5:',
    'md5:xyz',
    `sha256:${EMPTY_MD5}`,
    `crc32:00000000`,
    `md5:${EMPTY_MD5}:1`,
    `md5:${EMPTY_MD5}0`,
  ])('refuses %j', (text) => {
    expect(parseChecksum(text)).toBeUndefined();
  });
});

describe('sameChecksum', () => {
  it('compares algorithm and value', () => {
    const a = { algorithm: 'md5', value: EMPTY_MD5 } as const;
    expect(sameChecksum(a, { ...a })).toBe(true);
    expect(sameChecksum(a, { ...a, value: EMPTY_MD5.replace('d', 'e') })).toBe(false);
    expect(sameChecksum(a, { algorithm: 'sha1', value: EMPTY_MD5 })).toBe(false);
  });
});

describe('checksumFile', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'checksum-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([0, 1, 1024 * 1024, 2.5 * 1024 * 1024])('hashes %d bytes by every algorithm', async (size) => {
    const bytes = randomBytes(size);
    const path = join(folder, `f${size}`);
    await writeFile(path, Buffer.concat([bytes, Buffer.from('not part of it')]));
    const file = await open(path);
    for (const algorithm of CHECKSUM_ALGORITHMS) {
      const { value } = await checksumFile(file, size, algorithm, new AbortController().signal);
      expect(value).toBe(createHash(algorithm).update(bytes).digest('hex'));
    }
    await file.close();
  });

  it('stops when the signal aborts', async () => {
    const path = join(folder, 'abort');
    await writeFile(path, randomBytes(3 * 1024 * 1024));
    const file = await open(path);
    const reason = new Error('enough');
    await expect(checksumFile(file, 3 * 1024 * 1024, 'sha256', AbortSignal.abort(reason))).rejects.toBe(reason);
    await file.close();
  });
});

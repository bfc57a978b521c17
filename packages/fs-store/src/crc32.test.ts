import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32Of } from './crc32';
import { randomFrom, testSeed } from './testing/random';

describe('crc32Of', () => {
  it('is the check value of the catalogue of CRC algorithms', () => {
    expect(crc32Of(Buffer.from('123456789'), 0, 9)).toBe(0xcbf43926);
  });

  it('is what zlib says, of pieces of any length at any place', () => {
    const seed = testSeed();
    const random = randomFrom(seed);
    const bytes = Buffer.from(Array.from({ length: 3_000 }, () => random.below(256)));
    for (let length = 0; length < 1_100; length++) {
      const start = random.below(bytes.length - length);
      expect(crc32Of(bytes, start, start + length), `seed ${seed}`).toBe(crc32(bytes.subarray(start, start + length)));
    }
  });
});

/**
 * Checksums: as a caller writes them, and of a file on disk.
 *
 * @module
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Digest lengths in bytes. Strongest first. */
const LENGTHS = { sha512: 64, sha256: 32, sha1: 20, md5: 16 } as const;

/** What a file can be checked against. MD5 and SHA-1 detect accidents, not attackers. */
export type ChecksumAlgorithm = keyof typeof LENGTHS;

/** The supported algorithms, strongest first. */
export const CHECKSUM_ALGORITHMS = Object.keys(LENGTHS) as ChecksumAlgorithm[];

/** A digest, in lower-case hexadecimal. */
export interface Checksum {
  algorithm: ChecksumAlgorithm;
  value: string;
}

/** Reads are this large: long enough to keep the disk busy, short enough to keep the event loop free between two updates. */
const READ_BYTES = 1024 * 1024;

/** Reads `sha256:<hex or base64>`; `undefined` when it is not a checksum. `sha-256` and upper case are accepted, as tools print them. */
export function parseChecksum(text: string): Checksum | undefined {
  const [name = '', value = '', ...rest] = text.trim().split(':');
  return rest.length > 0 ? undefined : toChecksum(name, value);
}

/** A checksum of a named algorithm from hexadecimal or base64; `undefined` for an unknown name or a value of the wrong length. */
export function toChecksum(name: string, value: string): Checksum | undefined {
  const plain = name.trim().toLowerCase().replace('-', '');
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === plain || (plain === 'sha' && known === 'sha1'));
  if (algorithm === undefined) return undefined;
  const bytes = LENGTHS[algorithm];
  const text = value.trim();
  if (/^[0-9a-f]+$/i.test(text) && text.length === bytes * 2) return { algorithm, value: text.toLowerCase() };
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes ? { algorithm, value: decoded.toString('hex') } : undefined;
}

/** Whether two digests are of one algorithm and equal. */
export function sameChecksum(a: Checksum, b: Checksum): boolean {
  return (
    a.algorithm === b.algorithm &&
    a.value.length === b.value.length &&
    timingSafeEqual(Buffer.from(a.value), Buffer.from(b.value))
  );
}

/**
 * Hashes the first `length` bytes of a file as they stand on disk. This is a pass of its own after the download, not a hash of what came
 * over the wire: it also proves what earlier attempts and the file system left there.
 *
 * @throws the signal's reason when it aborts
 */
export async function checksumFile(
  file: FileHandle,
  length: number,
  algorithm: ChecksumAlgorithm,
  signal: AbortSignal,
): Promise<Checksum> {
  const hash = createHash(algorithm);
  // Two buffers: the next read runs while this one is hashed.
  const buffers = [Buffer.allocUnsafe(READ_BYTES), Buffer.allocUnsafe(READ_BYTES)] as const;
  const read = (position: number, turn: number): Promise<Buffer> => {
    const buffer = buffers[turn % 2 === 0 ? 0 : 1];
    const wanted = Math.min(READ_BYTES, length - position);
    return file.read(buffer, 0, wanted, position).then(({ bytesRead }) => buffer.subarray(0, bytesRead));
  };
  let position = 0;
  let turn = 0;
  let next = length > 0 ? read(0, 0) : undefined;
  while (next !== undefined) {
    const chunk = await next;
    signal.throwIfAborted();
    if (chunk.length === 0) break;
    position += chunk.length;
    turn += 1;
    next = position < length ? read(position, turn) : undefined;
    hash.update(chunk);
  }
  return { algorithm, value: hash.digest('hex') };
}

/** Whole small files. */
import { StoreError } from '@leviathan/core';
import type { Files } from './files';

/**
 * The text of a file.
 * @throws the error of the call that failed; StoreError `TOO_LARGE` beyond `limit` bytes
 */
export function readTextFile(files: Files, path: string, limit = 1 << 20): string {
  const fd = files.openSync(path, 'read');
  try {
    const { size } = files.fstatSync(fd);
    if (size > limit) throw new StoreError('TOO_LARGE', `${path} has ${size} bytes, ${limit} at most are read.`);
    const bytes = Buffer.allocUnsafeSlow(size);
    let length = 0;
    while (length < size) {
      const read = files.readSync(fd, bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.toString('utf8', 0, length);
  } finally {
    files.closeSync(fd);
  }
}

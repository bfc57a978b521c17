/**
 * The file system of an owner that may have been deposed: it refuses to change anything once another process may own the folder.
 *
 * @module
 */
import { StoreClosedError } from '@leviathan/core';
import type { Files } from './files';

/**
 * `files`, of which each call that changes something throws a `StoreClosedError` instead when `mayWrite` says no: whoever asked asks
 * again where the store is now. Calls that read, or that finish what was changed before, do no harm.
 */
export function fencedFiles(files: Files, mayWrite: () => boolean): Files {
  const assertOurs = (): void => {
    if (!mayWrite()) throw new StoreClosedError('Another process may own this folder by now.');
  };
  const changes = {
    openSync(path, mode) {
      if (mode !== 'read') assertOurs();
      return files.openSync(path, mode);
    },
    // Looked at once more before anybody is told of the write: the process may have stood still between the look and the write.
    writeSync(fd, bytes, offset, length) {
      assertOurs();
      const written = files.writeSync(fd, bytes, offset, length);
      assertOurs();
      return written;
    },
    ftruncateSync(fd, length) {
      assertOurs();
      files.ftruncateSync(fd, length);
    },
    mkdirSync(path) {
      assertOurs();
      files.mkdirSync(path);
    },
    renameSync(from, to) {
      assertOurs();
      files.renameSync(from, to);
    },
    linkSync(from, to) {
      assertOurs();
      files.linkSync(from, to);
    },
    unlinkSync(path) {
      assertOurs();
      files.unlinkSync(path);
    },
    rmdirSync(path) {
      assertOurs();
      files.rmdirSync(path);
    },
    chmodSync(path, mode) {
      assertOurs();
      files.chmodSync(path, mode);
    },
    utimesSync(path, at) {
      assertOurs();
      files.utimesSync(path, at);
    },
    async write(fd, bytes, offset, length) {
      assertOurs();
      const written = await files.write(fd, bytes, offset, length);
      assertOurs();
      return written;
    },
  } satisfies Partial<Files>;
  // Everything else is inherited; what stands behind may be a proxy that lets nothing be set on it.
  return Object.create(files, Object.getOwnPropertyDescriptors(changes)) as Files;
}

/**
 * Reading on a disk that answers EIO now and then: a cable, a network file system, a drive that wakes up. What is taken for damage is left
 * out of the journal for good, so an error of a moment must not be.
 *
 * @module
 */
import { errorCode, type Files } from './files';

/** Milliseconds before each further try. */
const WAITS = [50, 100, 200, 400, 800, 1_600, 3_200];

/** The tries that all reads of one opening share: a disk that is broken in many places does not make it take for ever. */
export class ReadPatience {
  #tries = 0;

  /** Opens a file for reading. Throws EIO when it comes again and again. */
  open(files: Files, path: string): Promise<number> {
    return this.#patiently(() => files.openSync(path, 'read'));
  }

  /** As `Files.read`. Throws EIO when it comes again and again: it is damage then. */
  read(files: Files, fd: number, into: Buffer, position: number): Promise<number> {
    return this.#patiently(() => files.read(fd, into, 0, into.length, position));
  }

  async #patiently(run: () => number | Promise<number>): Promise<number> {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        const wait = WAITS[this.#tries++];
        if (errorCode(error) !== 'EIO' || wait === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }
}

/** The size of an open file, for a buffer that is no larger than that. What cannot be told is taken for large: nothing depends on it. */
export function sizeHint(files: Files, fd: number): number {
  try {
    return files.fstatSync(fd).size;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Which processes are there: each open store holds the lock of a file of its own in `clients/`, and the kernel frees it with the
 * process. A job is taken back when its process's lock is free, never because time passed.
 *
 * @module
 */
import { join } from 'node:path';
import { ensureDirSync } from './atomic';
import { errorCode, type Files } from './files';
import type { Host } from './host';
import type { Lock } from './lock';

/** Where the kernel has no locks there is the second file alone. */
const NAME = /^([0-9a-f-]{36})\.lock(?:\.pid)?$/;

/** The presence files of one root. */
export class Presence {
  /** Where the files stand. */
  readonly dir: string;

  constructor(
    private readonly files: Files,
    private readonly host: Host,
    root: string,
  ) {
    this.dir = join(root, 'clients');
  }

  /** Shows that this instance is alive until the lock is released or the process ends. */
  enter(instance: string): Lock {
    ensureDirSync(this.files, this.dir);
    const lock = this.host.acquireLock(this.path(instance));
    // The name is random and used once.
    if (!lock) throw new Error(`The presence of ${instance} is locked by somebody else.`);
    return lock;
  }

  /** Leaves in order. */
  leave(instance: string, lock: Lock): void {
    try {
      this.remove(instance);
    } catch {
      // A file that nobody locks says nothing; the next owner removes it.
    } finally {
      lock.release();
    }
  }

  /** Whether the process of this instance still lives. */
  isAlive(instance: string): boolean {
    try {
      return this.host.isLockedByOther(this.path(instance));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** Removes the files of dead instances. Whoever is just about to take such a lock sees that its file is gone and makes a new one. */
  sweep(): void {
    for (const item of this.files.readdirSync(this.dir)) {
      const instance = NAME.exec(item.name)?.[1];
      if (instance !== undefined && !this.isAlive(instance)) this.remove(instance);
    }
  }

  private remove(instance: string): void {
    for (const path of [this.path(instance), `${this.path(instance)}.pid`]) {
      try {
        this.files.unlinkSync(path);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
  }

  private path(instance: string): string {
    return join(this.dir, `${instance}.lock`);
  }
}

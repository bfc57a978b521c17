/**
 * What could not be understood, or was not wanted, out of the way and with its reason beside it: nothing that a person wrote is
 * ever deleted by the store.
 *
 * @module
 */
import { basename, join, relative } from 'node:path';
import type { Clock, Json } from '@leviathan/core';
import { discard, writeAllSync } from './atomic';
import { errorCode, type Files } from './files';
import type { Layout } from './layout';

/** Why a file is here. */
export interface QuarantineReason {
  /** Stable, for programs. */
  code: string;
  /** For people: what is wrong, and what to do. */
  message: string;
  details?: Json;
}

/** Moves files to `quarantine/<utc time>-<name>`, each with `<utc time>-<name>.reason.json`. */
export class Quarantine {
  constructor(
    private readonly layout: Layout,
    private readonly files: Files,
    private readonly clock: Clock,
  ) {}

  /**
   * Moves a file, folder or link here (itself, not what it points to) and returns where it is now. Nothing that is here already is
   * overwritten. Throws what the failing system call threw, with the file still in its old place.
   */
  put(path: string, reason: QuarantineReason): string {
    const { target, reasonFile } = this.explain(basename(path), path, reason);
    try {
      this.move(path, target);
    } catch (error) {
      discard(this.files, reasonFile);
      throw error;
    }
    this.protect(target);
    return target;
  }

  /** Whoever dropped the file may have left it readable for everybody. Links and folders stay as they are. */
  private protect(path: string): void {
    try {
      if (this.files.lstatSync(path).isFile()) this.files.chmodSync(path, 0o600);
    } catch {
      // It is out of the way, which is what counts; the doctor tells of its mode.
    }
  }

  /** Leaves a reason without a file, for a wish that could not be met: returns the path of the reason. */
  note(path: string, reason: QuarantineReason): string {
    return this.explain(basename(path), path, reason).reasonFile;
  }

  /**
   * The reason comes first, under a name that nobody else has: a crash in between leaves a reason too many, which harms nobody, and
   * never a file without one.
   */
  private explain(
    name: string,
    path: string,
    { code, message, details }: QuarantineReason,
  ): { target: string; reasonFile: string } {
    const at = new Date(this.clock.now()).toISOString();
    const from = relative(this.layout.root, path);
    const text = `${JSON.stringify({ at, from, code, message, ...(details !== undefined && { details }) }, null, 2)}\n`;
    const stem = `${at.replaceAll(':', '-')}-${safeName(name)}`;
    for (let n = 1; ; n++) {
      const target = join(this.layout.quarantine, n === 1 ? stem : `${stem}.${n}`);
      const reasonFile = `${target}.reason.json`;
      if (this.stands(target)) continue;
      if (this.create(reasonFile, text)) return { target, reasonFile };
    }
  }

  private create(path: string, text: string): boolean {
    let fd: number;
    try {
      fd = this.files.openSync(path, 'create');
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      writeAllSync(this.files, fd, Buffer.from(text));
    } catch (error) {
      discard(this.files, path);
      throw error;
    } finally {
      this.files.closeSync(fd);
    }
    return true;
  }

  private move(from: string, to: string): void {
    try {
      this.files.renameSync(from, to);
    } catch (error) {
      // The folders may be mounts of their own. Only files can be copied with certainty.
      if (errorCode(error) !== 'EXDEV' || !this.files.lstatSync(from).isFile()) throw error;
      this.copy(from, to);
      this.files.unlinkSync(from);
    }
  }

  private copy(from: string, to: string): void {
    const { files } = this;
    const source = files.openSync(from, 'read');
    try {
      const target = files.openSync(to, 'create');
      try {
        const chunk = Buffer.allocUnsafe(64 * 1024);
        for (let at = 0; ; ) {
          const length = files.readSync(source, chunk, 0, chunk.length, at);
          if (length === 0) return;
          writeAllSync(files, target, chunk.subarray(0, length));
          at += length;
        }
      } catch (error) {
        discard(files, to);
        throw error;
      } finally {
        files.closeSync(target);
      }
    } finally {
      files.closeSync(source);
    }
  }

  private stands(path: string): boolean {
    try {
      this.files.lstatSync(path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }
}

const MAX_NAME = 120;

/** The name as far as every file system takes it; the true one stands in the reason. */
function safeName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9._-]/g, '_').replace(/\.+$/, '_');
  return safe.length <= MAX_NAME ? safe : `${safe.slice(0, MAX_NAME - 20)}__${safe.slice(-18)}`;
}

/**
 * A machine in memory: its disk, and the log of all that happens to it.
 *
 * @module
 */
import type { Disk, FolderNode, Op } from './disk';

/** A machine: its disk, what happened to it, and who watches it. */
export class Machine {
  readonly log: Op[] = [];
  /** Operations so far. */
  count = 0;
  /** Who watches which folder. */
  readonly watchers = new Map<number, Set<(name: string) => void>>();

  constructor(
    readonly disk: Disk,
    /** Epoch milliseconds. */
    readonly now: () => number,
    /** How many turns of the event loop a sync takes. */
    readonly delay: () => number = () => 0,
    /** Whether the log is kept. */
    readonly isRecorded = true,
  ) {}

  readonly #folders = new Map<string, FolderNode>();

  /** Does it and writes it down. */
  do(op: Op): void {
    this.count++;
    if (op.op === 'unlink' || op.op === 'rename') this.#folders.clear();
    this.disk.apply(op);
    if (this.isRecorded) this.log.push(op);
  }

  /** The folder at a path; undefined: something else stands there. @throws `ENOENT` */
  folderAt(path: string, call: string): FolderNode | undefined {
    const known = this.#folders.get(path);
    if (known) return known;
    const node = this.disk.find(path);
    if (!node) throw systemError('ENOENT', call);
    if (node.kind !== 'folder') return undefined;
    this.#folders.set(path, node);
    return node;
  }

  tell(dir: number, name: string): void {
    const listeners = this.watchers.get(dir);
    if (listeners) for (const listener of listeners) setImmediate(listener, name);
  }
}

/** An error as Node makes them; without a stack, which takes longer than all the rest of such a call. */
export function systemError(code: string, call: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: ${call}`), { code, syscall: call });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

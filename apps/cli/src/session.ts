/**
 * One run of the command: its global options, its output, and the store it works on.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JobStore, Queue } from '@leviathan/core';
import { UsageError } from './errors';
import type { Io } from './io';
import { Output } from './terminal/output';

/** Options that every command takes. */
export interface GlobalOptions {
  root?: string;
  json?: boolean;
  /** False with `--no-color`. */
  color?: boolean;
  quiet?: boolean;
  /** False with `--no-input`. */
  input?: boolean;
  yes?: boolean;
}

/** What a command works with. */
export class Session {
  readonly out: Output;
  private opened: JobStore | undefined;
  private readonly queues: Queue[] = [];

  constructor(
    readonly io: Io,
    readonly globals: GlobalOptions,
  ) {
    this.out = new Output(io, globals);
  }

  /** The jobs folder, absolute. */
  async root(): Promise<string> {
    const { root } = this.globals;
    if (root === '') throw new UsageError('--root is empty.', 'Name the jobs folder, or leave the option out.');
    return root === undefined ? this.io.stores.defaultRoot() : resolve(this.io.cwd, root);
  }

  /**
   * The store. To `read`, a folder that does not exist is an empty store, and is not made: a typing error in `--root`
   * leaves nothing behind.
   * @throws UsageError when the root is not a folder
   */
  async store(purpose: 'read' | 'write'): Promise<JobStore> {
    if (this.opened !== undefined) return this.opened;
    const root = await this.root();
    if (!(await this.isFolder(root)) && purpose === 'read') {
      const { MemoryStore } = await import('@leviathan/core');
      this.out.note(`There are no jobs at ${root} yet.`);
      this.opened = new MemoryStore();
    } else {
      this.opened = await this.io.stores.open(root);
    }
    await this.opened.open();
    return this.opened;
  }

  /** A queue on the store; closed with the session. */
  async queue(purpose: 'read' | 'write'): Promise<Queue> {
    const { Queue: Class } = await import('@leviathan/core');
    const queue = new Class({ store: await this.store(purpose) });
    this.queues.push(queue);
    return queue;
  }

  /** True when a person sits at the terminal and may be asked. */
  get interactive(): boolean {
    return this.globals.input !== false && this.io.stdin.isTTY === true && this.io.stderr.isTTY === true;
  }

  /**
   * Asks for a yes, unless `--yes` gave it already.
   * @throws UsageError when there is nobody to ask
   */
  async confirm(question: string): Promise<boolean> {
    if (this.globals.yes === true) return true;
    if (!this.interactive) throw new UsageError(`${question} Nobody is there to confirm it.`, 'Pass --yes to go on.');
    const answer = await this.io.ask(`${question} [y/N] `);
    return /^\s*y(es)?\s*$/i.test(answer);
  }

  /** All of standard input as text. */
  async readInput(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.io.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Lets go of the store; what it had acknowledged stays. */
  async close(): Promise<void> {
    for (const queue of this.queues) await queue.close();
    await this.opened?.close();
  }

  private async isFolder(root: string): Promise<boolean> {
    try {
      if ((await stat(root)).isDirectory()) return true;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') return false;
      if (code !== 'ENOTDIR') throw error;
    }
    throw new UsageError(
      `${root} is not a folder.`,
      '--root takes the folder that holds pending/, active/, completed/ and failed/.',
    );
  }
}

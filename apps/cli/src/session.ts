/**
 * One run of the command: its global options, its output, and the store it works on.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LoadedConfig, LoadedPlugins } from '@leviathan/config';
import type { JobStore, Queue } from '@leviathan/core';
import { UsageError } from './errors';
import { oneLine } from './format/safe';
import type { Io } from './io';
import { Output } from './terminal/output';

/** Options that every command takes. */
export interface GlobalOptions {
  root?: string;
  /** False with `--no-config`. */
  config?: string | false;
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
  private found: Promise<LoadedConfig | undefined> | undefined;
  private loaded: Promise<LoadedPlugins> | undefined;
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
    if (root !== undefined) return resolve(this.io.cwd, root);
    return (await this.configuration())?.config.root ?? this.io.stores.defaultRoot();
  }

  /**
   * The configuration: of `--config`, or the nearest one; undefined when there is none.
   * @throws ConfigError
   */
  configuration(): Promise<LoadedConfig | undefined> {
    this.found ??= this.loadConfiguration();
    return this.found;
  }

  /** The plugins of the configuration; a warning for each that was skipped, once. */
  plugins(): Promise<LoadedPlugins> {
    this.loaded ??= this.loadPlugins();
    return this.loaded;
  }

  /**
   * The store. To `read`, a folder that does not exist is an empty store, and is not made: a typing error in `--root`
   * leaves nothing behind.
   * @throws UsageError when the root is not a folder
   */
  async store(purpose: 'read' | 'write'): Promise<JobStore> {
    if (this.opened !== undefined) return this.opened;
    const root = await this.root();
    if (!(await this.hasRoot()) && purpose === 'read') {
      const { MemoryStore } = await import('@leviathan/core');
      this.out.note(`There are no jobs at ${root} yet.`);
      this.opened = new MemoryStore();
    } else {
      this.opened = await this.io.stores.open(root, (await this.configuration())?.config.store);
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

  /** The store does not answer: the end of this session is not to wait for it. */
  abandon(): void {
    this.opened = undefined;
  }

  /** Lets go of the store; what it had acknowledged stays. */
  async close(): Promise<void> {
    for (const queue of this.queues) await queue.close();
    await this.opened?.close();
  }

  private async loadConfiguration(): Promise<LoadedConfig | undefined> {
    const { config: file } = this.globals;
    if (file === false) return undefined;
    const { loadConfig } = await import('@leviathan/config');
    return loadConfig({ cwd: this.io.cwd, ...(file !== undefined && { file }) });
  }

  private async loadPlugins(): Promise<LoadedPlugins> {
    const configuration = await this.configuration();
    const entries = configuration?.config.plugins ?? [];
    if (configuration === undefined || entries.length === 0) return { plugins: [], failed: [] };
    const { loadPlugins } = await import('@leviathan/config');
    const result = await loadPlugins(entries, { from: configuration.file });
    for (const { message } of result.failed) this.out.warn(oneLine(message));
    return result;
  }

  /**
   * Whether the jobs folder exists.
   * @throws UsageError when something else stands there
   */
  async hasRoot(): Promise<boolean> {
    const root = await this.root();
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

/**
 * The folders, kept by a thread of their own: creating a file can take a millisecond, and the store's thread has better things to do.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { StoreError } from '@leviathan/core';
import { type BirpcReturn, createBirpc } from 'birpc';
import type { Note } from './view-notes';
import type { HostFunctions, KeeperFunctions, SentError, SentOutcome, ThreadStart } from './view-thread-protocol';
import type { FileCounts, FolderHost, FolderKeeping, KeptFile, Update, UpdateOutcome } from './view-update';

/** Updates per message: enough to make the message cheap, few enough to be written in 20 ms on the slowest of disks. */
const BATCH = 32;

/** See the module. */
export class ThreadKeeper implements FolderKeeping {
  readonly batch = BATCH;
  files: FileCounts;
  /** Resolves when the thread died: nothing that was asked of it will be answered. */
  readonly died: Promise<void>;
  private readonly worker: Worker;
  private readonly rpc: BirpcReturn<KeeperFunctions, HostFunctions, false>;
  /** Calls that are not answered yet. While there are any, the process has something to wait for. */
  private pending = 0;
  /** It is being ended, which must be waited for: an answer that comes meanwhile must not let the process go. */
  private isEnding = false;

  /** @param program Where the bundle of `view-thread.ts` stands. */
  constructor(program: URL, root: string, notes: [string, Note][], files: FileCounts, host: FolderHost) {
    this.files = files;
    this.worker = new Worker(program, { workerData: { root, notes } satisfies ThreadStart, execArgv: [] });
    this.worker.unref();
    const functions = { ...host, error: (sent: SentError) => host.error(storeError(sent)) };
    this.rpc = createBirpc<KeeperFunctions, HostFunctions, false>(functions, {
      proxify: false,
      timeout: -1,
      post: (frame) => this.worker.postMessage(frame),
      on: (receive) => this.worker.on('message', receive),
    });
    this.died = new Promise((resolve) => {
      // What it died of is told by the error event alone.
      this.worker.on('error', (cause) =>
        host.error(new StoreError('FOLDERS', `The thread that keeps the folders died: ${cause.message}`, { cause })),
      );
      this.worker.once('exit', () => {
        this.rpc.$close(new Error('The thread that keeps the folders has ended.'));
        resolve();
      });
    });
  }

  async start(): Promise<KeptFile[]> {
    const { kept, files } = await this.call(() => this.rpc.$call('start'));
    this.files = files;
    return kept;
  }

  async write(updates: Update[]): Promise<UpdateOutcome[]> {
    const { outcomes, files } = await this.call(() => this.rpc.$call('write', updates));
    this.files = files;
    return outcomes.map(received);
  }

  async scan(): Promise<void> {
    this.files = await this.call(() => this.rpc.$call('scan'));
  }

  async idle(): Promise<void> {
    this.files = await this.call(() => this.rpc.$call('idle'));
  }

  async stop(): Promise<void> {
    try {
      await this.call(() => this.rpc.$call('stop'));
    } finally {
      this.isEnding = true;
      await this.worker.terminate();
    }
  }

  private async call<T>(make: () => Promise<T>): Promise<T> {
    if (this.pending++ === 0) this.worker.ref();
    try {
      return await make();
    } finally {
      if (--this.pending === 0 && !this.isEnding) this.worker.unref();
    }
  }
}

function received(outcome: SentOutcome): UpdateOutcome {
  return typeof outcome === 'string' ? outcome : systemError(outcome);
}

/** What went wrong in the folders, as whoever keeps them on this thread would tell it. */
function storeError({ message, cause }: SentError): StoreError {
  return new StoreError('FOLDERS', message, { cause: cause && systemError(cause) });
}

function systemError({ message, code }: SentError): Error {
  return Object.assign(new Error(message), code !== undefined && { code });
}

/**
 * Everything the command touches outside itself, in one place, so that tests can stand in for a terminal, a store or a signal.
 *
 * @module
 */
import type { StoreConfig } from '@leviathan/config';
import type { JobStore } from '@leviathan/core';
import type { DoctorReport } from '@leviathan/fs-store';

/** A stream that text is written to; the last three only on a terminal. */
export interface OutStream {
  write(text: string): boolean;
  once?(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A stream that text is read from. */
export interface InStream extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
}

/** Where the jobs are kept. */
export interface Stores {
  /** The jobs folder when `--root` does not name one. */
  defaultRoot(): Promise<string>;
  open(root: string, options?: StoreConfig): Promise<JobStore>;
  doctor(root: string, repair: boolean): Promise<DoctorReport>;
}

/** Signals that end the command. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE';

/** Who may react to a signal before the command ends. */
export interface Signals {
  /**
   * Makes the first signal call `handler` instead of ending the command; a second one ends it at once. Call what it returns to go
   * back. `EPIPE` says that whoever read the output is gone.
   */
  graceful(handler: (signal: StopSignal) => void): () => void;
}

/** The world as the command sees it. */
export interface Io {
  stdin: InStream;
  stdout: OutStream;
  stderr: OutStream;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths start from. */
  cwd: string;
  now(): number;
  stores: Stores;
  signals: Signals;
  /** Asks a person on the terminal, and resolves with the line typed. */
  ask(question: string): Promise<string>;
}

/**
 * A thread or a process that can be sent messages and be killed.
 *
 * @module
 */
import type { Readable } from 'node:stream';
import type { Verdict } from './protocol';
import type { Port } from './rpc';

/** How a carrier came to its end. */
export interface Ending {
  exitCode?: number | undefined;
  /** Of a process: what killed it. */
  signal?: string | undefined;
  /** What it died of: an exception that nobody caught, or that it could not be started. */
  error?: unknown;
  /** The limit that it ran over. */
  limit?: Verdict | undefined;
}

/** See the module. */
export interface Carrier extends Port {
  /** For people: `thread 3`, `process 4711`. */
  readonly name: string;
  /** What is printed in it. */
  readonly output: { stdout: Readable; stderr: Readable };
  /** Ends it and everything that it started, whatever it does at the moment. */
  kill(): void;
  /** Resolves when it is gone, and everything that it printed was read. */
  readonly ended: Promise<Ending>;
}

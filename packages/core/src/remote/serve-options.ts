/**
 * How a store is served.
 *
 * @module
 */
import type { Clock } from '../clock';

/** Settings of `serveStore`. */
export interface ServeOptions {
  /** Called when a client introduced itself: its name, and the workers for which it holds jobs already. */
  onWelcome?(client: string, workers: string[]): void;
  /** Called before each claim of one of its workers: a worker that was taken back may go on. */
  onWorker?(client: string, worker: string): void;
  /** Called when a client is gone without a goodbye, instead of taking its workers' jobs back as crashed. */
  onGone?(client: string, workers: string[]): Promise<void> | void;
  /** Told what failed where no caller waits: giving back the jobs of a client that is gone. */
  onError?(error: unknown): void;
  /**
   * Milliseconds to wait for the same client to connect again before its workers count as dead; 0 by default. For connections that
   * break while the client lives, such as a WebSocket; a local socket closes when its process dies.
   */
  grace?: number;
  clock?: Clock;
  /** Events that may wait for one subscription of a client that is behind, before a `reset` takes their place; 50,000 by default. */
  maxBufferedEvents?: number;
  /** Bytes that may wait for a client that does not read, before its connection is closed; 256 MiB by default. */
  maxPendingBytes?: number;
}

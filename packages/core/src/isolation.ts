/**
 * How handlers that run elsewhere are kept apart from the program.
 *
 * @module
 */

/** Where a handler may run. */
export const ISOLATION_KINDS = ['process', 'thread'] as const;

/** One of {@link ISOLATION_KINDS}. */
export type IsolationKind = (typeof ISOLATION_KINDS)[number];

/** How the jobs of a processor that names a module are kept apart from the program, and what they may use. */
export interface Isolation {
  /**
   * `process` (the default): a child process, which can crash in any way and be killed at any time without the program noticing. `thread`: a
   * worker thread, which starts faster and takes less memory, but shares the program's process: what the engine cannot survive (one value
   * larger than the memory limit leaves room for, a fault in native code) ends the program, and a call that blocks in the system is not
   * killed before it returns.
   */
  kind?: IsolationKind;
  /**
   * MB (of 2^20 bytes) that a worker may use; unlimited by default. Of a thread: its JavaScript heap, without buffers. Of a process: its
   * heap, and what its resident memory has grown by since it was started.
   */
  memory?: number;
  /** Milliseconds of processor time that one attempt may use; unlimited by default. Needs `jobsPerWorker` 1; of a thread: Linux alone. */
  cpuTime?: number;
  /** 0 (the default) to 19: how far the workers give way to others in the use of the processor. Of a thread: Linux alone. */
  nice?: number;
  /** Milliseconds that a handler has to end after its signal aborted, before its worker is killed; 5,000 by default. */
  killAfter?: number;
  /**
   * Jobs that one worker runs at the same time; 1 by default. More suit handlers that mostly wait, and make them share their worker's fate:
   * a crash fails all of them, and the kill of one gives the others `killAfter` to end before they go back to pending.
   */
  jobsPerWorker?: number;
  /** When a worker is replaced by a fresh one, between two jobs. */
  recycle?: {
    /** After so many jobs; never by default. */
    jobs?: number;
    /** After a job that left it with so many MB in use (as `memory` counts them); half of `memory` by default. */
    memory?: number;
  };
}

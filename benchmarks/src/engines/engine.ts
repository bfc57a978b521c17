/** What the metrics need of a job queue. An engine is one file that adapts one queue to this, and nothing else. */
import type { Payload } from '../payload';

/** What an acknowledged call survives: the death of the process, or a power cut. */
export type Durability = 'process' | 'power';

/** `baseline`: Leviathan as it was at an earlier commit. */
export type EngineName =
  | 'leviathan'
  | 'baseline'
  | 'bullmq'
  | 'plainjob'
  | 'graphile-worker'
  | 'pg-boss'
  | 'bare-files';

/** A server that was started for one measurement. */
export interface ServerAddress {
  host: string;
  port: number;
  /** A Unix socket, or for Postgres the folder of one. */
  socket: string;
  user?: string;
  database?: string;
}

/** One way to set an engine up, where its documentation leaves a choice; all are tried, and the fastest counts. */
export type Variant = Record<string, number>;

export interface EngineOptions {
  /** An empty folder for what the engine keeps. */
  folder: string;
  durability: Durability;
  server?: ServerAddress;
  variant: Variant;
  /** The first of several processes that open the same queue sets it up. */
  first: boolean;
}

export interface WorkOptions {
  concurrency: number;
  /** Called by the handler of each job, and all that the handler does. */
  onJob: () => void;
}

/** One worker of an engine. */
export interface Work {
  /** Begins to take jobs. Connections are open before this. */
  start(): Promise<void>;
  /**
   * Ends the worker once the handlers that began have ended. Resolves with the time (`now()`) at which the last of their outcomes was
   * acknowledged by the store as durable as the engine was opened for.
   */
  finish(): Promise<number>;
  /** Resolves when the outcomes of all jobs that were handled are acknowledged; the worker goes on. */
  idle(): Promise<void>;
}

/** An open queue. */
export interface Session {
  /** Adds a job; resolves when it is acknowledged. */
  add(data: Payload): Promise<unknown>;
  /** Adds jobs in one call; resolves when all are acknowledged. */
  addMany(data: Payload[]): Promise<unknown>;
  /** What its documentation wants after many jobs were added, and before they are run; nobody measures it. */
  rest?(): Promise<unknown>;
  /** Makes a worker ready to start. One at a time. */
  prepare(options: WorkOptions): Promise<Work>;
  /** How many jobs wait or run, by the store's own count: proof that what was measured has happened. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

export interface Engine {
  name: EngineName;
  /** The server that it needs. */
  server?: 'redis' | 'postgres';
  /** Packages of `peers/` that it needs. */
  packages: string[];
  /** The oldest Node that it runs on. */
  node: string;
  /** The program that runs its measured processes, and its name there; that of this package if left out. */
  task?: { script: string; engine: EngineName };
  /** The ways to set it up for workers of this concurrency; one if left out. */
  workVariants?(concurrency: number, durability: Durability): Variant[];
  /** The ways to set it up for adding job by job, 100 calls under way; one if left out. */
  addVariants?(durability: Durability): Variant[];
  /** The ways to set it up for adding many in one call; one if left out. */
  bulkVariants?(durability: Durability): Variant[];
  /** The ways to set it up for the least latency; one if left out. */
  latencyVariants?(durability: Durability): Variant[];
  /** Whether several processes can work on one queue; yes if left out. */
  singleProcess?: true;
  open(options: EngineOptions): Promise<Session>;
}

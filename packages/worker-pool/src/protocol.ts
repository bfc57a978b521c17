/**
 * What a worker and its program say to each other.
 *
 * @module
 */
import type { Job, JobContext, Json } from '@leviathan/core';
import type { WireError } from './wire-error';

/**
 * The functions of the context that answer: the handler's call of one is a call to the program, and functions among its arguments are
 * called back. A new one of {@link JobContext} needs its name here and nothing else.
 */
export const CALLS = ['parents', 'checkpoint', 'step', 'children'] as const satisfies readonly (keyof JobContext)[];

/** Those that do not: what they tell is sent in order, many in one message. */
export const TELLS = ['progress', 'log'] as const satisfies readonly (keyof JobContext)[];

/** One of {@link CALLS}. */
export type CallName = (typeof CALLS)[number];

/** One of {@link TELLS}. */
export type TellName = (typeof TELLS)[number];

/** Something that a handler told: the function and its arguments. */
export type Tell = { [Name in TellName]: [Name, ...Parameters<JobContext[Name]>] }[TellName];

/** One attempt, as it is sent to a worker. */
export interface Order {
  /** Names it among all that the worker gets. */
  key: number;
  /** URL of the module, and which of its exports is the handler. */
  module: string;
  handler: string;
  job: Job;
  input: unknown;
  lastCheckpoint: Json | undefined;
}

/** What a call of the context answers. */
export type Answer = { value: unknown } | { error: WireError };

/** The end of an attempt whose handler returned. */
export interface Returned {
  value: unknown;
  /** MB that the worker has in use. */
  memory: number;
}

/** What a worker can be asked. */
export interface ChildFunctions {
  /** Runs the handler; rejects with what it throws. */
  run(order: Order): Promise<Returned>;
  /** Aborts the signal of an attempt. */
  abort(key: number, reason: WireError): void;
  /** Calls a function that the handler passed to one of its context's. */
  callback(key: number, ref: number, args: unknown[]): Promise<unknown>;
}

/** What a worker may ask or tell. */
export interface HostFunctions {
  /**
   * Calls a function of the attempt's context.
   *
   * @param refs The arguments that are functions, which stay where they are and are called there: the number of each, in its place.
   */
  call(key: number, name: CallName, args: unknown[], refs: (number | null)[]): Promise<Answer>;
  tell(key: number, tells: Tell[]): void;
  /** The handler is about to be called; in a thread of Linux, with the number that the system knows the thread by. */
  began(key: number, thread: number | undefined): void;
  /** An exception that nobody caught is about to end the worker. */
  dying(error: WireError): void;
}

/** What a worker gets when it is started. */
export interface ChildStart {
  kind: 'thread' | 'process';
  nice: number;
  /** MB that a process may grow by. */
  memory: number | undefined;
  /** Milliseconds of processor time for each attempt of a process. */
  cpuTime: number | undefined;
}

/** What ended a process from within: a limit that it ran over. */
export type Verdict = 'memory' | 'cpu';

/** Where the guard of a process writes its {@link Verdict}: the pipe after those of input, output, errors and messages. */
export const VERDICT_FD = 4;

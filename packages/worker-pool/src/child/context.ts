/**
 * What a handler gets in a worker: the context of its attempt, whose functions are answered by the program.
 *
 * @module
 */
import type { JobContext } from '@leviathan/core';
import { CALLS, type CallName, type Order } from '../protocol';
import { fromWire } from '../wire-error';
import type { Host } from './host';
import type { Outbox } from './outbox';

/** A function that a handler passed to one of its context's. */
export type Callback = (...args: unknown[]) => unknown;

/**
 * The functions work alone, as those of the program's own context do.
 *
 * @param callbacks Gets the functions that the handler passes.
 */
export function createContext(
  order: Order,
  signal: AbortSignal,
  outbox: Outbox,
  host: Host,
  callbacks: Callback[],
): JobContext {
  const { key, job, input, lastCheckpoint } = order;
  const refOf = (arg: unknown): number | null =>
    typeof arg === 'function' ? callbacks.push(arg as Callback) - 1 : null;
  const call = async (name: CallName, args: unknown[]): Promise<unknown> => {
    // What was told before it must arrive before it.
    outbox.flush();
    const refs = args.map(refOf);
    const sent = args.map((arg, i) => (refs[i] === null ? arg : undefined));
    const answer = await host.$call('call', key, name, sent, refs);
    if ('error' in answer) throw fromWire(answer.error);
    return answer.value;
  };
  const heard = (answer: Promise<unknown>): Promise<unknown> => {
    // Who awaits it hears of a failure; a handler that does not must not bring the worker down.
    answer.catch(() => {});
    return answer;
  };
  const calls = Object.fromEntries(CALLS.map((name) => [name, (...args: unknown[]) => heard(call(name, args))]));
  return {
    ...(calls as Pick<JobContext, CallName>),
    job,
    input,
    attempt: job.attempt,
    lastCheckpoint,
    signal,
    progress: (percent, detail) => outbox.progress(percent, detail),
    log: (message, options) => outbox.log(message, options),
  };
}

/**
 * What a handler gets in a worker: the context of its attempt, whose functions are answered by the program.
 *
 * @module
 */
import type { JobContext } from '@leviathan/core';
import { CALLS, type CallName, type Order } from '../protocol';
import type { Outbox } from './outbox';
import type { Host } from './runner';

/** The functions work alone, as those of the program's own context do. */
export function createContext(order: Order, signal: AbortSignal, outbox: Outbox, host: Host): JobContext {
  const { key, job, input, lastCheckpoint } = order;
  const call = (name: CallName, args: unknown[]): Promise<unknown> => {
    // What was told before it must arrive before it.
    outbox.flush();
    const answer = host.$call('call', key, name, args);
    // Who awaits it hears of a failure; a handler that does not must not bring the worker down.
    answer.catch(() => {});
    return answer;
  };
  const calls = Object.fromEntries(CALLS.map((name) => [name, (...args: unknown[]) => call(name, args)]));
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

/**
 * A store that a failover store works on for a while.
 *
 * @module
 */
import { v4 as uuid } from 'uuid';
import type { Clock } from '../clock';
import type { ClaimRequest, JobStore, Settlement, StoreCapabilities } from '../store';
import type { HeldJobs } from './held-jobs';
import type { PendingCall } from './pending-calls';
import { RemoteStore } from './remote-store';
import { ONCE_METHODS } from './repeating';

/** A store to work on until it is lost. */
export interface OpenedStore {
  store: JobStore;
  /** Resolves when it can be used no longer. Left out for a store that this process holds itself. */
  lost?: Promise<unknown>;
  /** Called when this store is about to be closed and only waits for the answers to what was asked: they are to come soon, if only as errors. */
  ending?: () => void;
}

/** Settings of a `FailoverStore`. */
export interface FailoverOptions {
  /** This client's name towards servers; a random one by default. Two clients must never share one. */
  client?: string;
  clock?: Clock;
  /** What the store can do, if that is known before it is open. */
  capabilities?: StoreCapabilities;
  /**
   * Milliseconds for which calls wait while no store can be opened, counted from the loss; then they fail with a `ConnectionError` until
   * one can be opened again, which goes on being tried. A minute by default.
   */
  patience?: number;
}

/** Makes one of these calls on a store, be it the first time or not. @throws what the store throws at once */
export function perform(
  { method, args, number, signal, tries }: PendingCall<unknown>,
  store: JobStore,
  calls: { readonly lowestWrite: number },
  held: HeldJobs,
): Promise<unknown> {
  if (method === 'add') {
    if (store instanceof RemoteStore) return store.repeatable(method, args, [number, calls.lowestWrite]);
    const [specs, options] = args as Parameters<JobStore['add']>;
    return store.add(specs, tries > 1 ? { ...options, isRepeated: true } : options);
  }
  if (method === 'settle' && !(store instanceof RemoteStore)) return store.settle(args[0] as Settlement[]);
  if (method === 'claim') return store.claim(args[0] as ClaimRequest, signal && { signal });
  let current = args;
  if (method === 'takeBack' && tries > 1) {
    const keep = [...((args[2] as { keep?: string[] } | undefined)?.keep ?? []), ...held.list(number)];
    current = [args[0], args[1], { keep }];
  }
  if (store instanceof RemoteStore && ONCE_METHODS.has(method))
    return store.repeatable(method, current, [number, calls.lowestWrite]);
  const run = store[method] as (...args: unknown[]) => Promise<unknown>;
  return run.apply(store, current);
}

/** Where its numbers of events count on: persistent stores go on where they stopped, whoever opens them; others start again. */
export function lineageOf(store: JobStore): string {
  if (store.capabilities.persistent) return 'persistent';
  return (store instanceof RemoteStore && store.server?.instance) || uuid();
}

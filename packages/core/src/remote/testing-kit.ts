/**
 * What the tests of this folder share.
 *
 * @module
 */

import type { JobSpec } from '../job';
import { MemoryStore } from '../memory-store';
import { nextTurn } from '../next-turn';
import type { ClaimedJob, JobStore, Settlement, StoreEvent } from '../store';
import { type MemoryChannelOptions, type MemoryChannelPair, memoryChannelPair } from './memory-channel';
import { reconnectingStore } from './reconnecting-store';
import { type ClientIdentity, RemoteStore } from './remote-store';
import type { ServeOptions } from './serve-options';
import { type ServedClient, serveStore } from './serve-store';

/** A client and its server, connected by a channel in memory. */
export interface Served {
  client: RemoteStore;
  server: ServedClient;
  pair: MemoryChannelPair;
}

export function connected(
  store: JobStore,
  options: ServeOptions & MemoryChannelOptions = {},
  identity: Partial<ClientIdentity> = {},
): Served {
  const pair = memoryChannelPair(options);
  const server = serveStore(store, pair.b, options);
  return { client: new RemoteStore(pair.a, identity), server, pair };
}

/** The same jobs behind an object that no server knows yet: as if another process had opened them. */
export function asAnotherServer(store: JobStore): JobStore {
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function specs(count: number, spec: Partial<JobSpec> = {}): JobSpec[] {
  return Array.from({ length: count }, (_, n) => ({ type: 'a', data: n, ...spec }));
}

/** Adds one job and gives its id. */
export async function addOne(store: JobStore, spec: Partial<JobSpec> = {}): Promise<string> {
  const [added] = await store.add(specs(1, spec));
  if (!added) throw new Error('Nothing was added.');
  return added.id;
}

export function completed(jobs: ClaimedJob[]): Settlement[] {
  return jobs.map(({ job, token }) => ({ id: job.id, token, outcome: 'completed' }));
}

/** Collects events until some come that the test waits for. */
export class EventLog {
  readonly events: StoreEvent[] = [];
  private waiting: (() => void)[] = [];

  readonly take = (events: StoreEvent[]): void => {
    this.events.push(...events);
    for (const again of this.waiting.splice(0)) again();
  };

  get kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  async until(condition: (log: EventLog) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}

/** Holds somebody up until it is opened. */
export class Gate {
  open: () => void = () => {};
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

/** Lets everything happen that needs no time. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => nextTurn(resolve));
}

/** A store that claims to be persistent, so that its sequence numbers go on over servers: as the journal's do. */
export class JournalLike extends MemoryStore {
  override readonly capabilities = { ...new MemoryStore().capabilities, persistent: true };
}

/**
 * A client of jobs that outlive their servers. Every connection is to a new server, which remembers no answers, unless `sameServer`;
 * and every server knows that its clients are not dead.
 */
export function world({ cuts = [] as number[], sameServer = false, store = new JournalLike() as MemoryStore } = {}) {
  const pairs: MemoryChannelPair[] = [];
  const client = reconnectingStore(async () => {
    const pair = memoryChannelPair({ cutAfter: cuts[pairs.length] ?? Number.POSITIVE_INFINITY });
    serveStore(sameServer ? store : asAnotherServer(store), pair.b, { onGone: () => {} });
    pairs.push(pair);
    return pair.a;
  });
  return { client, store, pairs, cut: () => pairs.at(-1)?.cut() };
}

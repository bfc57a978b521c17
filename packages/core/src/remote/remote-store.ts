/**
 * RemoteStore: a store that another process, thread or window holds.
 *
 * @module
 */

import { v4 as uuid } from 'uuid';
import { ENGINE_FEATURES } from '../engine/engine-features';
import { StoreClosedError } from '../errors';
import type { JobSpec } from '../job';
import type * as Contract from '../store';
import { CallingStore } from './calling-store';
import type { Channel } from './channel';
import { Connection, type ConnectionLostError } from './connection';
import type { CallEntry, StoreMethod, Welcome } from './protocol';
import { checkSendable, plainAdd } from './sendable';

/** Who a client is, over all of its connections. */
export interface ClientIdentity {
  /** Random, and its own. */
  client: string;
  /** Workers for which it holds jobs already. */
  workers: string[];
}

/** What is said of a store before it said so itself: it may be able to do anything, and promises nothing. */
export const UNKNOWN_CAPABILITIES: Contract.StoreCapabilities = {
  name: 'remote',
  persistent: false,
  durability: 'none',
  shared: true,
  ...ENGINE_FEATURES,
  audit: true,
};

/**
 * A JobStore over a channel, whose other end was given to `serveStore`. It lives as long as the channel: when that closes, whatever is
 * pending fails with a `ConnectionError`. For a connection that comes back see `FailoverStore` and `reconnectingStore`.
 *
 * @example
 * ```ts
 * const { port1, port2 } = new MessageChannel();
 * serveStore(store, messagePortChannel(port1));
 * const remote = new RemoteStore(messagePortChannel(port2));
 * await remote.counts();
 * ```
 */
export class RemoteStore extends CallingStore implements Contract.JobStore {
  /** Resolves when the connection is gone, unless by `close()`. */
  readonly lost: Promise<ConnectionLostError>;
  private readonly connection: Connection;
  private readonly identity: ClientIdentity;
  /** Aborts what waits, on close. */
  private readonly closing = new AbortController();
  private closed: Promise<void> | undefined;
  private welcome: Welcome | undefined;

  constructor(channel: Channel, identity: Partial<ClientIdentity> = {}) {
    super();
    this.identity = { client: identity.client ?? uuid(), workers: identity.workers ?? [] };
    this.connection = new Connection(channel);
    this.lost = this.connection.lost;
  }

  /** The server's, with `shared`: several may use it at once. Before `open()` it is not known what the store can do. */
  get capabilities(): Contract.StoreCapabilities {
    return this.welcome ? { ...this.welcome.capabilities, shared: true } : UNKNOWN_CAPABILITIES;
  }

  /** What the server said when it welcomed this client; undefined before `open()`. */
  get server(): Welcome | undefined {
    return this.welcome;
  }

  /** @throws ConnectionError when nobody answers, or in another version of the protocol. */
  async open(): Promise<void> {
    if (this.closed) throw new StoreClosedError();
    const welcome = await this.connection.welcome(this.identity);
    this.welcome ??= welcome;
  }

  async add(specs: JobSpec[], options?: Contract.AddOptions): Promise<Contract.AddResult[]> {
    return this.call('add', [specs, options]);
  }

  async claim(request: Contract.ClaimRequest, options?: { signal?: AbortSignal }): Promise<Contract.ClaimedJob[]> {
    const signal = options?.signal;
    if (signal?.aborted && !this.closed) return [];
    const { id, answer } = this.begin('claim', [request]);
    return new Promise((resolve, reject) => {
      let over = false;
      const end = (): void => {
        over = true;
        signal?.removeEventListener('abort', abort);
        this.closing.signal.removeEventListener('abort', close);
      };
      const abort = (): void => {
        end();
        this.connection.cancel(id);
        resolve([]);
      };
      const close = (): void => {
        end();
        reject(new StoreClosedError());
      };
      signal?.addEventListener('abort', abort);
      this.closing.signal.addEventListener('abort', close);
      answer.then(
        (jobs) => {
          // The abort and the jobs crossed on the way: nobody waits for them any more, so they go back as if never claimed.
          if (over) void this.giveBack(jobs as Contract.ClaimedJob[]);
          end();
          resolve(jobs as Contract.ClaimedJob[]);
        },
        (error) => {
          end();
          reject(error);
        },
      );
    });
  }

  async subscribe(
    options: Contract.SubscribeOptions,
    listener: (events: Contract.StoreEvent[]) => void,
  ): Promise<Contract.Subscription> {
    this.ready();
    return this.connection.subscribe(options, listener);
  }

  /**
   * Waits for the answers to calls under way, takes leave of the server, which gives back what this client's workers still hold, and
   * closes the channel. The server's store stays open.
   */
  close(): Promise<void> {
    this.closed ??= this.leave();
    return this.closed;
  }

  /** A call that may be repeated on a later connection of the same client; see `once` in the protocol. */
  repeatable(method: StoreMethod, args: unknown[], once: NonNullable<CallEntry['once']>): Promise<unknown> {
    return this.begin(method, args, once).answer;
  }

  private async leave(): Promise<void> {
    this.closing.abort();
    await this.connection.settled('claim');
    await this.connection.leave();
  }

  private async giveBack(jobs: Contract.ClaimedJob[]): Promise<void> {
    // After the close the goodbye gives them back.
    if (jobs.length === 0 || this.closed) return;
    const released = jobs.map(({ job, token }) => ({ id: job.id, token, outcome: 'released' as const }));
    // Without a connection the server knows that they are not kept.
    await this.connection.call('settle', [released]).catch(() => {});
  }

  protected override async call<Result>(method: StoreMethod, args: unknown[]): Promise<Result> {
    return (await this.begin(method, args).answer) as Result;
  }

  private begin(
    method: StoreMethod,
    args: unknown[],
    once?: CallEntry['once'],
  ): { id: number; answer: Promise<unknown> } {
    this.ready();
    const sent = method === 'add' ? plainAdd(args) : args;
    checkSendable(method, sent);
    return this.connection.begin(method, sent, once);
  }

  private ready(): void {
    if (this.closed) throw new StoreClosedError();
    // A failed welcome ends the connection, and with it every call.
    if (!this.welcome) this.open().catch(() => {});
  }
}

/**
 * The server's side: lets the client on the other end of a channel use a store.
 *
 * @module
 */
import type { BirpcReturn } from 'birpc';
import { ConnectionError, StoreClosedError, UnsupportedError } from '../errors';
import { nextTurn } from '../next-turn';
import type { ClaimedJob, ClaimRequest, JobStore } from '../store';
import { AnswerBox } from './answer-box';
import type { Channel } from './channel';
import { introduction } from './introduction';
import {
  type Answer,
  type CallEntry,
  type ClientFunctions,
  type Entry,
  type Hello,
  PROTOCOL_VERSION,
  type Refusal,
  type ServerFunctions,
  STORE_METHODS,
  type SubscribeArgs,
  type Welcome,
} from './protocol';
import { createRpc } from './rpc';
import type { ServeOptions } from './serve-options';
import { type Session, Sessions } from './session';
import { SubscriptionSet } from './subscription-set';
import { toWire } from './wire-error';

/** One client's connection. */
export interface ServedClient {
  /** Resolves when the connection is closed and nothing of it is under way any more. */
  readonly closed: Promise<void>;
  /** Whether the client took its leave, or is gone: it asks for nothing more. */
  readonly hasLeft: boolean;
  /**
   * The server leaves, because its store is about to close: calls under way are answered, waiting claims are not, and the jobs of the
   * client's workers are left as they are, so that the client hands them over to the next server.
   */
  close(): Promise<void>;
}

/** Serves a store to one client. The store stays the caller's: it is never closed from here. */
export function serveStore(store: JobStore, channel: Channel, options: ServeOptions = {}): ServedClient {
  return new StoreConnection(store, channel, options);
}

const METHODS: ReadonlySet<string> = new Set(STORE_METHODS);
const MAX_PENDING_BYTES = 256 * 1024 * 1024;
const MAX_BUFFERED_EVENTS = 50_000;

class StoreConnection implements ServedClient {
  readonly closed: Promise<void>;
  private readonly rpc: BirpcReturn<ClientFunctions, ServerFunctions, false>;
  private readonly sessions: Sessions;
  private readonly subscriptions: SubscriptionSet;
  private readonly answers: AnswerBox;
  private readonly running = new Set<Promise<void>>();
  private readonly claims = new Map<number, AbortController>();
  private session: Session | undefined;
  /** `left`: one side took its leave, so nobody died when the channel closes. */
  private state: 'new' | 'open' | 'left' | 'closed' = 'new';

  constructor(
    private readonly store: JobStore,
    private readonly channel: Channel,
    private readonly options: ServeOptions,
  ) {
    this.sessions = Sessions.of(store);
    const fail = (cause: unknown): void =>
      channel.close(new ConnectionError('An answer could not be sent.', { cause }));
    this.subscriptions = new SubscriptionSet({
      store,
      send: (batches) => this.rpc.$callEvent('events', batches),
      fail,
      schedule: () => this.answers.schedule(),
      maxBuffered: options.maxBufferedEvents ?? MAX_BUFFERED_EVENTS,
    });
    this.answers = new AnswerBox({
      isOpen: () => this.state !== 'closed',
      send: (answers) => this.rpc.$callEvent('answers', answers),
      fail,
      before: () => this.subscriptions.flush(),
      giveBack: (claimed) => void this.attempt(() => this.giveBack(claimed)),
    });
    this.rpc = createRpc<ClientFunctions, ServerFunctions>(channel, {
      hello: (hello) => this.hello(hello),
      send: (entries) => this.receive(entries),
      goodbye: () => this.goodbye(),
    });
    this.closed = new Promise((resolve) => {
      channel.onClose(() => {
        const ended = this.end();
        if (this.session) this.session.ending = ended;
        void ended.then(resolve);
      });
    });
  }

  async close(): Promise<void> {
    await this.leave();
    this.channel.close();
    await this.closed;
  }

  /** The same client connected anew: this connection is dead, and only this side has not noticed yet. */
  cut(): void {
    this.channel.close();
  }

  private async hello(hello: Hello): Promise<Welcome | Refusal> {
    try {
      return await this.greet(hello);
    } catch (error) {
      // The refusal goes out first.
      nextTurn(() => this.channel.close());
      // A store that is closed here may be open elsewhere by now.
      const refusal = error instanceof StoreClosedError ? closedBehind(error) : error;
      return { protocol: PROTOCOL_VERSION, error: toWire(refusal) };
    }
  }

  private async greet(hello: Hello): Promise<Welcome> {
    const { client, workers } = introduction(hello);
    if (this.session) throw new ConnectionError('The client introduced itself twice.');
    const session = this.sessions.get(client);
    this.session = session;
    session.connection?.cut();
    session.connection = this;
    session.cameBack?.();
    for (const worker of workers) session.workers.add(worker);
    // What the connection before had under way must be over before this client says which of its jobs it knows of.
    await session.ending;
    await this.store.open();
    if (this.state === 'new') this.state = 'open';
    this.options.onWelcome?.(session.client, workers);
    return { protocol: PROTOCOL_VERSION, capabilities: this.store.capabilities, instance: this.sessions.instance };
  }

  private receive(entries: Entry[]): void {
    if (this.state === 'left' || this.state === 'closed') return;
    if (this.state === 'new' || !Array.isArray(entries)) {
      this.channel.close(
        new ConnectionError('The client sent calls before it was welcomed, or something that is no list of calls.'),
      );
      return;
    }
    if (this.channel.pending > (this.options.maxPendingBytes ?? MAX_PENDING_BYTES)) {
      this.channel.close(new ConnectionError('The client does not read the answers to its calls.'));
      return;
    }
    for (const entry of entries) {
      if (typeof entry !== 'object' || entry === null) continue;
      if ('cancel' in entry) this.claims.get(entry.cancel)?.abort();
      else if ('ack' in entry) this.subscriptions.acknowledge(entry.ack);
      else this.start(entry);
    }
  }

  private start(call: CallEntry): void {
    const { id, method, once } = call;
    const answer = once && this.session ? this.session.once(once[0], once[1], () => this.run(call)) : this.run(call);
    const done: Promise<void> = answer.then((given) => {
      this.running.delete(done);
      const claimed = method === 'claim' && 'ok' in given ? (given.ok as ClaimedJob[]) : [];
      // A claim that ended because this server leaves stays unanswered: only the client's own abort ends it with nothing.
      if (method === 'claim' && this.state === 'left' && claimed.length === 0) return;
      // A repeated call has another id on this connection.
      this.answers.add(given.id === id ? given : { ...given, id }, claimed);
    });
    this.running.add(done);
  }

  /** Starts a call now; resolves with its answer, whatever becomes of it. */
  private async run({ id, method, args }: CallEntry): Promise<Answer> {
    try {
      return { id, ok: await this.call(id, method, args) };
    } catch (error) {
      if (error instanceof StoreClosedError) this.storeClosed(error);
      return { id, error: toWire(error) };
    }
  }

  private call(id: number, method: string, args: unknown[]): Promise<unknown> {
    if (method === 'subscribe') return this.subscriptions.open(...(args as SubscribeArgs));
    if (method === 'unsubscribe') return this.subscriptions.close(args[0] as number);
    if (method === 'claim') return this.claim(id, args[0] as ClaimRequest);
    if (!METHODS.has(method)) throw new UnsupportedError(this.store.capabilities.name, `do ${JSON.stringify(method)}`);
    const run = this.store[method as keyof JobStore] as (...args: unknown[]) => Promise<unknown>;
    // An argument that was left out is `null` in JSON.
    return run.apply(
      this.store,
      args.map((arg) => arg ?? undefined),
    );
  }

  private async claim(id: number, request: ClaimRequest): Promise<ClaimedJob[]> {
    const stop = new AbortController();
    this.claims.set(id, stop);
    if (typeof request?.worker === 'string') this.learn(request.worker);
    try {
      return await this.store.claim(request, { signal: stop.signal });
    } finally {
      this.claims.delete(id);
    }
  }

  private learn(worker: string): void {
    const { session } = this;
    if (!session) return;
    session.workers.add(worker);
    this.options.onWorker?.(session.client, worker);
  }

  /** Jobs that never reached their worker: no attempt is spent, and it is no crash. */
  private async giveBack(claimed: ClaimedJob[]): Promise<void> {
    await this.store.settle(claimed.map(({ job, token }) => ({ id: job.id, token, outcome: 'released' })));
  }

  get hasLeft(): boolean {
    return this.state === 'left' || this.state === 'closed';
  }

  private async goodbye(): Promise<{ error?: ReturnType<typeof toWire> }> {
    const { session } = this;
    if (this.state !== 'open' || !session) return {};
    await this.leave();
    this.sessions.forget(session);
    try {
      const workers = [...session.workers];
      if (workers.length > 0) await this.store.takeBack(workers, 'released');
      return {};
    } catch (error) {
      return { error: toWire(error) };
    }
  }

  /** No new calls; those under way are answered. */
  private async leave(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'left';
    await this.calm();
    this.answers.flush();
  }

  /** The store behind closed on its own: for the client that is a server that went away, not a store that it closed itself. */
  private storeClosed(cause: StoreClosedError): void {
    if (this.state === 'closed') return;
    this.state = 'left';
    this.answers.flush();
    this.channel.close(closedBehind(cause));
  }

  /** The channel closed: nothing of this connection goes on, and nothing that it started gets lost. */
  private async end(): Promise<void> {
    const died = this.state === 'open';
    this.state = 'closed';
    await this.subscriptions.closeAll();
    await this.calm();
    this.answers.giveUp();
    const { session } = this;
    if (!session || session.connection !== this) return;
    session.connection = undefined;
    if (!died || (await session.comesBack(this.options))) return;
    const workers = [...session.workers];
    session.workers.clear();
    if (workers.length === 0) return;
    const { onGone } = this.options;
    await this.attempt(() => (onGone ? onGone(session.client, workers) : this.store.takeBack(workers, 'crashed')));
  }

  /** Ends the waiting claims, then waits for every call under way. */
  private async calm(): Promise<void> {
    for (const stop of this.claims.values()) stop.abort();
    await Promise.all(this.running);
  }

  private async attempt(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch (error) {
      // A closed store has nothing to take back any more: who opens it next finds these jobs.
      if (!(error instanceof StoreClosedError)) this.options.onError?.(error);
    }
  }
}

function closedBehind(cause: StoreClosedError): ConnectionError {
  return new ConnectionError('The store that was served here is closed.', { cause });
}

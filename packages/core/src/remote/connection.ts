/**
 * The client's side of one connection: its calls, their answers, and its events.
 *
 * @module
 */
import type { BirpcReturn } from 'birpc';
import { ConnectionError } from '../errors';
import type { StoreEvent, SubscribeOptions } from '../store';
import { type Channel, MessageTooLargeError } from './channel';
import {
  type Answer,
  type CallEntry,
  type ClientFunctions,
  type Entry,
  type EventBatch,
  type Hello,
  PROTOCOL_VERSION,
  type ServerFunctions,
  type Welcome,
} from './protocol';
import { createRpc } from './rpc';
import { reduceToJson } from './sendable';
import { TurnBatch } from './turn-batch';
import { fromWire } from './wire-error';

/** The connection is gone, and with it the answer: whether the call took effect is not known. */
export class ConnectionLostError extends ConnectionError {}

/** A call that was not answered yet. */
export interface PendingCall {
  entry: CallEntry;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

type Listener = (events: StoreEvent[]) => void;

/** One connection to a server. */
export class Connection {
  /** Resolves when the channel closed, unless by {@link Connection.leave}. */
  readonly lost: Promise<ConnectionLostError>;
  private readonly rpc: BirpcReturn<ServerFunctions, ClientFunctions, false>;
  private readonly pending = new Map<number, PendingCall>();
  private readonly listeners = new Map<number, Listener>();
  private readonly outbox = new TurnBatch<Entry>((entries) => this.deliver(entries));
  /** What was said before the welcome. */
  private early: Entry[] | undefined = [];
  private welcomed: Promise<Welcome> | undefined;
  private loss: ConnectionLostError | undefined;
  private leaving = false;
  private lastId = 0;
  private eventFrames = 0;

  constructor(private readonly channel: Channel) {
    this.rpc = createRpc<ServerFunctions, ClientFunctions>(channel, {
      answers: (answers) => this.answered(answers),
      events: (batches) => this.tell(batches),
    });
    this.lost = new Promise((resolve) => {
      channel.onClose((cause) => {
        const why = cause ? `: ${cause.message}` : '.';
        this.loss = new ConnectionLostError(`The connection to the store was lost${why}`, { cause });
        if (!this.leaving) resolve(this.loss);
        for (const id of [...this.pending.keys()]) this.end(id)?.reject(this.loss);
        this.listeners.clear();
      });
    });
  }

  /** Introduces the client, once. @throws ConnectionError when the server refuses or goes away. */
  welcome(hello: Omit<Hello, 'protocol'>): Promise<Welcome> {
    this.welcomed ??= this.greet({ protocol: PROTOCOL_VERSION, ...hello });
    return this.welcomed;
  }

  /**
   * Makes a call; it is sent once the server welcomed the client, together with the others of this turn.
   * @throws ConnectionLostError when the answer can no longer come.
   */
  call(method: CallEntry['method'], args: unknown[], once?: CallEntry['once']): Promise<unknown> {
    return this.begin(method, args, once).answer;
  }

  /** Like {@link Connection.call}, with the number for {@link Connection.cancel}. */
  begin(
    method: CallEntry['method'],
    args: unknown[],
    once?: CallEntry['once'],
  ): { id: number; answer: Promise<unknown> } {
    const id = ++this.lastId;
    const answer = new Promise((resolve, reject) => {
      if (this.loss) return reject(this.loss);
      const entry: CallEntry = once ? { id, method, args, once } : { id, method, args };
      this.pending.set(id, { entry, resolve, reject });
      this.say(entry);
    });
    return { id, answer };
  }

  /** Ends the wait of a claim. Its answer comes all the same. */
  cancel(id: number): void {
    if (this.pending.has(id)) this.say({ cancel: id });
  }

  /** Starts a subscription; `listener` may be called before this resolves. */
  async subscribe(options: SubscribeOptions, listener: Listener): Promise<{ seq: number; close(): Promise<void> }> {
    const number = ++this.lastId;
    this.listeners.set(number, listener);
    try {
      const { seq } = (await this.call('subscribe', [number, options])) as { seq: number };
      return { seq, close: () => this.unsubscribe(number) };
    } catch (error) {
      this.listeners.delete(number);
      throw error;
    }
  }

  /** Resolves when all calls of now are answered, or failed. */
  async settled(except: CallEntry['method']): Promise<void> {
    const calls = [...this.pending.values()].filter(({ entry }) => entry.method !== except);
    await Promise.all(
      calls.map(
        (call) =>
          new Promise<void>((resolve) => {
            const { resolve: succeed, reject: fail } = call;
            call.resolve = (result) => resolve(succeed(result));
            call.reject = (error) => resolve(fail(error));
          }),
      ),
    );
  }

  /** Takes leave of the server, which gives the jobs of this client back, and closes. */
  async leave(): Promise<void> {
    this.listeners.clear();
    this.leaving = true;
    try {
      if (!this.loss && !this.early) {
        this.outbox.flush();
        const { error } = await this.rpc.$call('goodbye');
        if (error) throw fromWire(error);
      }
    } catch (error) {
      // Without a connection the server does what it does for the dead.
      if (!this.loss) throw error;
    } finally {
      this.channel.close();
    }
  }

  private async greet(hello: Hello): Promise<Welcome> {
    let answer: Awaited<ReturnType<ServerFunctions['hello']>>;
    try {
      answer = await this.rpc.$call('hello', hello);
    } catch (error) {
      throw this.loss ?? error;
    }
    if ('error' in answer) {
      const refusal = fromWire(answer.error);
      this.channel.close(refusal);
      throw refusal;
    }
    const spoken: number = answer.protocol;
    if (spoken !== PROTOCOL_VERSION) {
      const refusal = new ConnectionError(
        `The server speaks version ${JSON.stringify(spoken)} of the protocol, this client speaks version ${PROTOCOL_VERSION}: run the same version of Leviathan on both sides.`,
      );
      this.channel.close(refusal);
      throw refusal;
    }
    for (const entry of this.early ?? []) this.outbox.add(entry);
    this.early = undefined;
    return answer;
  }

  private say(entry: Entry): void {
    if (this.early) this.early.push(entry);
    else this.outbox.add(entry);
  }

  private deliver(entries: Entry[]): void {
    if (this.loss || entries.length === 0) return;
    this.rpc.$callEvent('send', entries).catch(() => this.deliverSingly(entries));
  }

  /** One entry is too large, or cannot be encoded as it is: its caller is told, the others have no part in it. */
  private async deliverSingly(entries: Entry[]): Promise<void> {
    for (const entry of entries) {
      try {
        await this.rpc.$callEvent('send', [entry]).catch((error) => {
          if (error instanceof MessageTooLargeError || !('id' in entry)) throw error;
          return this.rpc.$callEvent('send', [reduceToJson(entry, error)]);
        });
      } catch (error) {
        if ('id' in entry) this.end(entry.id)?.reject(error);
      }
    }
  }

  private answered(answers: Answer[]): void {
    for (const answer of answers) {
      const call = this.end(answer.id);
      if ('error' in answer) call?.reject(fromWire(answer.error));
      else call?.resolve(answer.ok);
    }
  }

  private end(id: number): PendingCall | undefined {
    const call = this.pending.get(id);
    this.pending.delete(id);
    return call;
  }

  private tell(batches: EventBatch[]): void {
    for (const { subscription, events } of batches) {
      try {
        this.listeners.get(subscription)?.(events);
      } catch {
        // A listener that throws disturbs nobody.
      }
    }
    this.say({ ack: ++this.eventFrames });
  }

  private async unsubscribe(number: number): Promise<void> {
    if (!this.listeners.delete(number) || this.loss) return;
    await this.call('unsubscribe', [number]);
  }
}

/**
 * The protocol between a {@link RemoteStore} and the process that holds the store, version 1.
 *
 * **Frames.** A channel carries JSON values; over a socket each is one line, ended by `\n` (see `@leviathan/fs-store`). Each is a frame of
 * birpc 4:
 *
 * - `{"t":"q","m":<name>,"a":[<arguments>],"i":<id>}` calls the other side's function; without `i` nobody waits for an answer;
 * - `{"t":"s","i":<id>,"r":<result>}` answers it, or `{"t":"s","i":<id>,"e":<error>}`.
 *
 * The client may call {@link ServerFunctions}, the server {@link ClientFunctions}. Only `hello` and `goodbye` have an `i`.
 *
 * **Opening.** The client calls `hello` once and waits for the answer; then it may send entries. A server that does not speak the
 * version answers with a refusal that names both versions, and closes.
 *
 * **Calls.** `send` carries entries, in the order in which the client made them; the server starts them in that order, without waiting for
 * one before it starts the next, and answers each when it is done, in any order. Everything said in one turn of an event loop travels
 * in one frame. A call that fails disturbs none of its neighbours.
 *
 * **Repeating.** A call that may not take effect twice carries `once`: a number that the client never uses for another call, also on its
 * later connections, and the lowest number that it may still repeat. The server keeps the answers from there on (the newest
 * {@link ANSWERS_KEPT}) as long as it lives, and gives a repeated call the answer of the first.
 *
 * **Claims.** A `claim` with `wait` is answered when there are jobs. `cancel` ends the wait: the answer is then empty, or full when it was
 * under way already; a client that has no use for such jobs settles them as `released`. The server learns from `hello` and from claims
 * which workers live on a connection.
 *
 * **Events.** The client chooses the number of a subscription and passes it as first argument of `subscribe`; the answer is
 * `{ seq }`. Batches may arrive before that answer. An event of a change that a call made is sent before that call's answer, unless
 * the client is behind. The client counts the frames of events and tells the count with `ack`; while {@link EVENT_WINDOW} frames are
 * not acknowledged the server holds events back: of progress it keeps the latest of each job, log lines are joined, and when more
 * events than the server buffers are waiting they are replaced by one `reset`. After a reconnect the client subscribes again, with `since`
 * the last `seq` that it saw.
 *
 * **Leaving.** `goodbye` ends the waiting claims and gives the running jobs of this connection's workers back to pending; then the client
 * closes. A connection that closes without it means that the client died: its workers' jobs are taken back as crashed, unless the server
 * was told to wait for the same client to come back.
 *
 * @module
 */
import type { JobStore, StoreCapabilities, StoreEvent, SubscribeOptions } from '../store';
import type { WireError } from './wire-error';

/** Version of the protocol that this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Frames of events that may be under way, not acknowledged. */
export const EVENT_WINDOW = 4;

/** Events per frame, at most. */
export const EVENTS_PER_FRAME = 2_000;

/** Answers to calls with `once` that a server keeps per client, at most. */
export const ANSWERS_KEPT = 10_000;

/** Methods of a store that are called as they are: arguments and result are those of {@link JobStore}, `signal`s left out. */
export const STORE_METHODS = [
  'add',
  'restore',
  'claim',
  'settle',
  'report',
  'takeBack',
  'change',
  'pause',
  'define',
  'definitions',
  'get',
  'list',
  'counts',
  'explain',
  'trail',
  'stateAt',
  'undo',
  'health',
] as const satisfies readonly (keyof JobStore)[];

/** One of {@link STORE_METHODS}. */
export type StoreMethod = (typeof STORE_METHODS)[number];

/** First words of a client. */
export interface Hello {
  protocol: number;
  /** Names this client for as long as it lives, over all its connections: a random text of 100 characters at most. */
  client: string;
  /** Its workers so far, if it was connected before, here or to another server of the same jobs. */
  workers?: string[];
}

/** The server takes the client. */
export interface Welcome {
  protocol: typeof PROTOCOL_VERSION;
  capabilities: StoreCapabilities;
  /** Names the store object that serves: another one means that what was not persistent is gone. */
  instance: string;
}

/** The server does not take the client, and closes. `protocol` is the version that it speaks. */
export interface Refusal {
  protocol: number;
  error: WireError;
}

/** A call of a store's method. */
export interface CallEntry {
  /** Chosen by the client, unique on this connection. */
  id: number;
  method: StoreMethod | 'subscribe' | 'unsubscribe';
  args: unknown[];
  /** The call's number, and the lowest number that the client may still repeat. */
  once?: [number: number, lowest: number];
}

/** Ends the waiting claim with this `id`. */
export interface CancelEntry {
  cancel: number;
}

/** So many frames of events were handled since the connection opened. */
export interface AckEntry {
  ack: number;
}

/** What a client says. */
export type Entry = CallEntry | CancelEntry | AckEntry;

/** The arguments of the call `subscribe`. `unsubscribe` takes the number alone. */
export type SubscribeArgs = [subscription: number, options: SubscribeOptions];

/** The answer to a call: `ok` may be left out where the method has no result. */
export type Answer = { id: number; ok?: unknown } | { id: number; error: WireError };

/** Events of one subscription. */
export interface EventBatch {
  subscription: number;
  events: StoreEvent[];
}

/** What the client may call. */
export interface ServerFunctions {
  /** The first call of every connection. */
  hello(hello: Hello): Promise<Welcome | Refusal>;
  /** Nobody waits for an answer. */
  send(entries: Entry[]): void;
  /** Jobs of this connection's workers go back to pending. `error` is left out when that worked. */
  goodbye(): Promise<{ error?: WireError }>;
}

/** What the server may call; nobody waits for an answer. */
export interface ClientFunctions {
  /** Calls that are done, in any order. */
  answers(answers: Answer[]): void;
  /** What the client subscribed to. */
  events(batches: EventBatch[]): void;
}

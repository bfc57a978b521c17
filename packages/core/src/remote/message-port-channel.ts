/**
 * A channel over a MessagePort: of a browser, of `worker_threads`, or of Electron's main process.
 *
 * @module
 */
import { ConnectionError } from '../errors';
import { type Channel, ChannelEvents } from './channel';

/** The port of a browser or of `worker_threads`. */
export interface WebPort {
  /** Sends a copy of the message. */
  postMessage(message: unknown): void;
  /** Listens to `message` and `close`. */
  addEventListener(type: string, listener: (event: { data?: unknown }) => void): void;
  /** Lets messages in, where the port waits for that. */
  start?(): void;
  /** Ends the connection. */
  close(): void;
}

/** The port of Electron's main process, `MessagePortMain`, and of others that are event emitters. */
export interface EmitterPort {
  /** Sends a copy of the message. */
  postMessage(message: unknown): void;
  /** Listens to `message` and `close`. */
  on(type: string, listener: (event: { data?: unknown }) => void): unknown;
  /** Lets messages in, where the port waits for that. */
  start?(): void;
  /** Ends the connection. */
  close(): void;
}

/** Said by the end that closes: not every platform tells the other end of a port that this one is gone. */
const CLOSING = { leviathan: 'close' } as const;

/**
 * Makes a channel of a port; the other end of the port must be a channel, too. Messages are copied by the structured clone algorithm.
 * Where the platform has no `close` event (older browsers), a page that dies is not noticed: close the channel when its window goes.
 */
export function messagePortChannel(port: WebPort | EmitterPort): Channel {
  const events = new ChannelEvents();
  // `worker_threads` has both kinds of listener, but hands its emitter's listeners the bare data.
  const listen = (type: string, listener: (event: { data?: unknown }) => void): void =>
    'addEventListener' in port ? port.addEventListener(type, listener) : void port.on(type, listener);

  listen('message', ({ data }) => {
    if (isClosing(data)) {
      events.close();
      port.close();
    } else {
      events.deliver(data);
    }
  });
  listen('messageerror', () => {
    events.close(new ConnectionError('The other end of the port sent a message that cannot be read here.'));
    port.close();
  });
  listen('close', () => events.close());
  port.start?.();

  return {
    pending: 0,
    send(message) {
      if (!events.closed) port.postMessage(message);
    },
    close(error) {
      if (events.closed) return;
      events.close(error);
      port.postMessage(CLOSING);
      port.close();
    },
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
  };
}

function isClosing(data: unknown): boolean {
  return typeof data === 'object' && data !== null && (data as Partial<typeof CLOSING>).leviathan === CLOSING.leviathan;
}

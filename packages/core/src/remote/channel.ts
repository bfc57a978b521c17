/**
 * Channel: what a store needs to be used from elsewhere. Anything that carries messages both ways, in order, is one: a local socket,
 * a WebSocket, Electron's IPC, a MessagePort, a pair in memory.
 *
 * @module
 */
import { StoreError } from '../errors';

/** One end of a connection. Messages are plain JSON values; they arrive whole, in order, and once, or not at all. */
export interface Channel {
  /**
   * Hands a message over. On a closed channel it does nothing: the close was, or will be, told by `onClose`.
   * @throws MessageTooLargeError, or what the encoder throws for a value that it cannot carry. Nothing was sent then, and the channel
   * stays usable.
   */
  send(message: unknown): void;

  /** Bytes that were handed over and not sent yet; 0 where the transport cannot tell. */
  readonly pending: number;

  /** Sets the one receiver. Messages that arrive before there is one are kept for it. */
  onMessage(receive: (message: unknown) => void): void;

  /** Calls `closed` once when the channel closed, from either side; also if it has closed already. The error says why, if it is known. */
  onClose(closed: (error?: Error) => void): void;

  /** Closes both ends after what was sent. `error` is told to this end's `onClose`, for a peer that misbehaves. Twice is harmless. */
  close(error?: Error): void;
}

/** A message is larger than the channel takes; nothing was sent. Ask for less at once, or raise the limit on both ends. */
export class MessageTooLargeError extends StoreError {
  constructor(bytes: number, limit: number) {
    super(
      'MESSAGE_TOO_LARGE',
      `The message has ${bytes} bytes, the channel takes ${limit}. Use smaller batches or pages, or raise the limit on both ends.`,
    );
  }
}

/** The receiving half of a channel, for those who write one: one receiver, early messages kept, one close. */
export class ChannelEvents {
  closed = false;
  private error: Error | undefined;
  private receive: ((message: unknown) => void) | undefined;
  private early: unknown[] = [];
  private readonly closers: ((error?: Error) => void)[] = [];

  /** A message arrived. After the close it is dropped. */
  deliver(message: unknown): void {
    if (this.closed) return;
    if (this.receive) this.receive(message);
    else this.early.push(message);
  }

  /** The channel closed; only the first call counts. */
  close(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.error = error;
    this.early = [];
    for (const closed of this.closers.splice(0)) closed(error);
  }

  /** For the channel's own method: sets the receiver, and hands it what came early. */
  onMessage(receive: (message: unknown) => void): void {
    this.receive = receive;
    for (const message of this.early.splice(0)) this.deliver(message);
  }

  /** For the channel's own method: hears of the close, also of one in the past. */
  onClose(closed: (error?: Error) => void): void {
    if (this.closed) closed(this.error);
    else this.closers.push(closed);
  }
}

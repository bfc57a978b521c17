/**
 * Channels over local sockets: a unix socket, or a named pipe on Windows. One message is one line of JSON.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { chmodSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ConnectionError } from '@leviathan/core';
import { type Channel, ChannelEvents, MessageTooLargeError } from '@leviathan/core/remote';

/** Largest message in bytes, both ways: far below the longest text that V8 takes (512 MiB). */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Settings of a socket's channel. */
export interface SocketChannelOptions {
  /** Largest message in bytes, both ways; {@link MAX_MESSAGE_BYTES} by default. */
  maxMessageBytes?: number;
}

/**
 * Makes a channel of a connected socket. JSON has no raw newline, so a message ends at the first one. A peer that sends anything else, or
 * too much of it, ends the connection with a `ConnectionError`.
 */
export function socketChannel(
  socket: Socket,
  { maxMessageBytes = MAX_MESSAGE_BYTES }: SocketChannelOptions = {},
): Channel {
  const events = new ChannelEvents();
  const fail = (message: string, cause?: unknown): void => {
    events.close(new ConnectionError(message, { cause }));
    socket.destroy();
  };
  const lines = new Lines(maxMessageBytes, {
    line: (line) => {
      if (!isUtf8(line)) return fail('The other side sent bytes that are no UTF-8.');
      let message: unknown;
      try {
        message = JSON.parse(line.toString('utf8'));
      } catch (cause) {
        return fail(`The other side sent a line that is no JSON: ${line.toString('latin1', 0, 80)}`, cause);
      }
      events.deliver(message);
    },
    tooLong: () => fail(`The other side sent a message of more than ${maxMessageBytes} bytes.`),
  });

  socket.on('data', (chunk: Buffer) => {
    if (!events.closed) lines.push(chunk);
  });
  socket.on('error', (cause) =>
    events.close(new ConnectionError(`The local socket failed: ${cause.message}`, { cause })),
  );
  socket.on('close', () => events.close());

  return {
    get pending() {
      return socket.writableLength;
    },
    send(message) {
      if (events.closed) return;
      const line = `${JSON.stringify(message)}\n`;
      // A UTF-16 unit is at most three bytes of UTF-8, so short texts need no count.
      if (line.length * 3 > maxMessageBytes) {
        const bytes = Buffer.byteLength(line);
        if (bytes > maxMessageBytes) throw new MessageTooLargeError(bytes, maxMessageBytes);
      }
      socket.write(line);
    },
    close(error) {
      if (events.closed) return;
      events.close(error);
      // What was sent goes out first, unless the peer misbehaved: then there is nothing to be polite about.
      if (error) socket.destroy();
      else socket.end();
    },
    onMessage: (receive) => events.onMessage(receive),
    onClose: (closed) => events.onClose(closed),
  };
}

/** A listening socket. */
export interface SocketServer {
  /** Stops listening. Channels that are open stay open. */
  close(): Promise<void>;
}

/**
 * Listens on a path (a pipe's name on Windows). The path must be free: a file that a dead process left there has to be removed by whoever
 * knows that it is dead.
 * @throws ConnectionError, for example with `cause.code` `EADDRINUSE`
 */
export async function listenOnSocket(
  path: string,
  onChannel: (channel: Channel) => void,
  options: SocketChannelOptions = {},
): Promise<SocketServer> {
  const server: Server = createServer((socket) => onChannel(socketChannel(socket, options)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new ConnectionError(`Cannot listen on ${path}: ${cause.message}`, { cause })),
    );
    server.listen(path, resolve);
  });
  // The folder keeps others out already; this is for those who put the socket elsewhere.
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Connects to a listening socket. @throws ConnectionError, for example with `cause.code` `ECONNREFUSED` or `ENOENT` */
export function connectToSocket(path: string, options: SocketChannelOptions = {}): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const failed = (cause: Error): void =>
      reject(new ConnectionError(`Cannot connect to ${path}: ${cause.message}`, { cause }));
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socketChannel(socket, options));
    });
  });
}

/** Cuts a stream of bytes into lines. */
class Lines {
  private parts: Buffer[] = [];
  private length = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly on: { line(line: Buffer): void; tooLong(): void },
  ) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (this.length + end - start > this.maxBytes) {
        this.on.tooLong();
        return;
      }
      const rest = chunk.subarray(start, end);
      start = end + 1;
      this.on.line(this.parts.length === 0 ? rest : this.join(rest));
    }
    if (start === chunk.length) return;
    this.length += chunk.length - start;
    if (this.length > this.maxBytes) this.on.tooLong();
    else this.parts.push(start === 0 ? chunk : chunk.subarray(start));
  }

  private join(last: Buffer): Buffer {
    const line = Buffer.concat([...this.parts, last]);
    this.parts = [];
    this.length = 0;
    return line;
  }
}

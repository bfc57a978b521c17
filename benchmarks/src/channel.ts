/** The messages between the runner and a measured process. */

/** One end. */
export interface Channel {
  send(message: unknown): Promise<void>;
  /** The next message, in order. */
  receive(): Promise<unknown>;
}

interface Port {
  send?: (message: never, callback: (error: Error | null) => void) => boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** Queues what comes until it is asked for. */
export function messagesOf(port: Port): Channel {
  const waiting: unknown[] = [];
  const readers: ((message: unknown) => void)[] = [];
  port.on('message', (message) => {
    const reader = readers.shift();
    if (reader) reader(message);
    else waiting.push(message);
  });
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (!port.send) return reject(new Error('There is no channel: this process is started by the benchmarks.'));
        port.send(message as never, (error) => (error ? reject(error) : resolve()));
      }),
    receive: () => {
      if (waiting.length > 0) return Promise.resolve(waiting.shift());
      return new Promise((resolve) => readers.push(resolve));
    },
  };
}

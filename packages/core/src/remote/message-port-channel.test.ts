import { EventEmitter } from 'node:events';
import { MessageChannel as NodeChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type EmitterPort, messagePortChannel } from './message-port-channel';

/** Resolves with the next message. */
function next(channel: ReturnType<typeof messagePortChannel>): Promise<unknown> {
  return new Promise((resolve) => channel.onMessage(resolve));
}

describe('messagePortChannel', () => {
  it('carries messages between two ports and tells the close to both ends', async () => {
    const { port1, port2 } = new MessageChannel();
    const [a, b] = [messagePortChannel(port1), messagePortChannel(port2)];
    a.send({ hello: 'world' });
    expect(await next(b)).toEqual({ hello: 'world' });
    const closed = new Promise((resolve) => b.onClose(resolve));
    a.close();
    expect(await closed).toBeUndefined();
    b.send('into the void');
    await new Promise<void>((resolve) => a.onClose(() => resolve()));
  });

  it('notices the death of a worker thread', async () => {
    const { port1, port2 } = new NodeChannel();
    const worker = new Worker(
      'const { workerData } = require("node:worker_threads"); workerData.on("message", () => process.exit()); workerData.postMessage("up");',
      { eval: true, workerData: port2, transferList: [port2] },
    );
    const channel = messagePortChannel(port1);
    expect(await next(channel)).toBe('up');
    const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
    channel.send('die');
    await closed;
    await worker.terminate();
  });

  it('takes a port that is an event emitter, as that of Electron’s main process', async () => {
    const ends = [new EventEmitter(), new EventEmitter()] as const;
    const port = (own: EventEmitter, other: EventEmitter): EmitterPort => ({
      postMessage: (message) =>
        queueMicrotask(() => other.emit('message', { data: structuredClone(message), ports: [] })),
      on: (type, listener) => own.on(type, listener),
      close: () => queueMicrotask(() => [own, other].map((end) => end.emit('close'))),
    });
    const [a, b] = [messagePortChannel(port(ends[0], ends[1])), messagePortChannel(port(ends[1], ends[0]))];
    a.send([1]);
    expect(await next(b)).toEqual([1]);
    const closed = new Promise<unknown>((resolve) => a.onClose(resolve));
    b.close();
    expect(await closed).toBeUndefined();
  });

  it('closes with an error when a message cannot be read', async () => {
    const end = new EventEmitter();
    let isClosed = false;
    const channel = messagePortChannel({
      postMessage: () => {},
      on: (type: string, listener: (event: { data?: unknown }) => void) => end.on(type, listener),
      close: () => {
        isClosed = true;
      },
    });
    const closed = new Promise((resolve) => channel.onClose(resolve));
    end.emit('messageerror', {});
    expect(await closed).toMatchObject({ code: 'CONNECTION' });
    expect(isClosed).toBe(true);
  });
});

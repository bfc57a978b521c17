import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { MemoryStore } from '@leviathan/core';
import { type Channel, MessageTooLargeError, RemoteStore, reconnectingStore, serveStore } from '@leviathan/core/remote';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectToSocket, listenOnSocket, type SocketChannelOptions, socketChannel } from './socket-channel';
import { startChild } from './testing/child';
import { tempSocket } from './testing/temp-socket';

async function freePath(): Promise<string> {
  const { dir, path } = await tempSocket();
  onTestFinished(() => rm(dir, { recursive: true }));
  return path;
}

/** What a channel tells. */
class Inbox {
  readonly messages: unknown[] = [];
  readonly closed: Promise<Error | undefined>;
  private wake: (() => void) | undefined;

  constructor(readonly channel: Channel) {
    channel.onMessage((message) => {
      this.messages.push(message);
      this.wake?.();
    });
    this.closed = new Promise((resolve) => channel.onClose(resolve));
  }

  async count(count: number): Promise<unknown[]> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.messages;
  }
}

/** A listening channel, and a bare socket that is connected to it. */
async function withBareSocket(options: SocketChannelOptions = {}): Promise<{ inbox: Inbox; socket: Socket }> {
  const path = await freePath();
  let accepted: (channel: Channel) => void = () => {};
  const channel = new Promise<Channel>((resolve) => {
    accepted = resolve;
  });
  const server = await listenOnSocket(path, accepted, options);
  const socket = connect(path);
  const inbox = new Inbox(await channel);
  onTestFinished(async () => {
    socket.destroy();
    await server.close();
  });
  return { inbox, socket };
}

async function withChannels(options: SocketChannelOptions = {}): Promise<{ server: Inbox; client: Inbox }> {
  const { inbox, socket } = await withBareSocket(options);
  return { server: inbox, client: new Inbox(socketChannel(socket, options)) };
}

describe('frames', () => {
  const text = 'ä€😀\u0000\n"\\';
  const line = Buffer.from(`${JSON.stringify({ text })}\n`);

  it('arrive whole however the stream is cut, in the middle of a character too', async () => {
    const { inbox, socket } = await withBareSocket();
    for (let at = 1; at < line.length; at++) {
      socket.write(line.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(line.subarray(at));
      await inbox.count(at);
    }
    expect(inbox.messages).toEqual(Array.from({ length: line.length - 1 }, () => ({ text })));
  });

  it('arrive one by one when many come at once', async () => {
    const { inbox, socket } = await withBareSocket();
    socket.write(Buffer.concat([line, line, Buffer.from('1\n2\n'), line.subarray(0, 5)]));
    expect(await inbox.count(4)).toEqual([{ text }, { text }, 1, 2]);
    socket.write(line.subarray(5));
    expect(await inbox.count(5)).toHaveLength(5);
  });

  it('are written as one line each, whatever is in them', async () => {
    const { inbox, socket } = await withBareSocket();
    const received: Buffer[] = [];
    socket.on('data', (chunk) => received.push(chunk));
    const ended = new Promise((resolve) => socket.on('end', resolve));
    inbox.channel.send({ text });
    inbox.channel.close();
    await ended;
    expect(Buffer.concat(received)).toEqual(line);
  });

  it('of many megabytes arrive', async () => {
    const { server, client } = await withChannels();
    const big = { data: 'ö'.repeat(10_000_000) };
    client.channel.send(big);
    expect(client.channel.pending).toBeGreaterThan(0);
    expect(await server.count(1)).toEqual([big]);
  });
});

describe('a peer that misbehaves', () => {
  it.each([
    ['no JSON', Buffer.from('{"t":\n'), /no JSON/],
    ['an empty line', Buffer.from('\n'), /no JSON/],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), /no UTF-8/],
    ['a message that is too long', Buffer.from(`"${'x'.repeat(100)}"\n`), /more than 64 bytes/],
    ['a message that never ends', Buffer.from('x'.repeat(100)), /more than 64 bytes/],
  ])('is cut off: %s', async (_what, bytes, message) => {
    const { inbox, socket } = await withBareSocket({ maxMessageBytes: 64 });
    const gone = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.write(bytes);
    const error = await inbox.closed;
    expect(error).toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(message) });
    await gone;
    expect(inbox.messages).toEqual([]);
  });

  it('in the middle of good messages loses only what follows', async () => {
    const { inbox, socket } = await withBareSocket();
    socket.write('1\nnonsense\n2\n');
    await inbox.closed;
    expect(inbox.messages).toEqual([1]);
  });

  it('disturbs no other client of the same store', async () => {
    const path = await freePath();
    const store = new MemoryStore();
    const server = await listenOnSocket(path, (channel) => serveStore(store, channel));
    const client = new RemoteStore(await connectToSocket(path));
    await client.add([{ type: 'a', data: 1 }]);
    for (const garbage of [
      '\n',
      'null\n',
      '{"t":"q","m":"send","a":[[{"id":1,"method":"add","args":[[]]}]]}\n',
      '\u0000',
    ]) {
      const socket = connect(path);
      const gone = new Promise((resolve) => socket.on('close', resolve));
      socket.on('error', () => {});
      socket.end(garbage);
      await gone;
    }
    expect((await client.counts()).pending).toBe(1);
    await client.close();
    await server.close();
  });
});

describe('messages over the limit', () => {
  it('are refused by the sender, and the channel goes on', async () => {
    const { server, client } = await withChannels({ maxMessageBytes: 64 });
    expect(() => client.channel.send('x'.repeat(62))).toThrow(MessageTooLargeError);
    expect(() => client.channel.send('ä'.repeat(31))).toThrow(/65 bytes, the channel takes 64/);
    client.channel.send('x'.repeat(61));
    expect(await server.count(1)).toEqual(['x'.repeat(61)]);
  });
});

describe('closing', () => {
  it('lets through what was sent, and is told to both ends without an error', async () => {
    const { server, client } = await withChannels();
    for (let n = 0; n < 1_000; n++) client.channel.send(n);
    client.channel.close();
    client.channel.send('too late');
    expect(await client.closed).toBeUndefined();
    expect(await server.closed).toBeUndefined();
    expect(server.messages).toHaveLength(1_000);
  });

  it('is told when the other side just goes', async () => {
    const { inbox, socket } = await withBareSocket();
    socket.destroy();
    await inbox.closed;
    inbox.channel.send('into the void');
  });
});

describe('listening and connecting', () => {
  it('say why they cannot', async () => {
    const path = await freePath();
    await expect(connectToSocket(path)).rejects.toMatchObject({ code: 'CONNECTION', cause: { code: 'ENOENT' } });
    const server = await listenOnSocket(path, () => {});
    await expect(listenOnSocket(path, () => {})).rejects.toMatchObject({
      code: 'CONNECTION',
      cause: { code: 'EADDRINUSE' },
    });
    await server.close();
    await expect(connectToSocket(`${path}/${'x'.repeat(200)}`)).rejects.toMatchObject({ code: 'CONNECTION' });
  });

  it.skipIf(process.platform === 'win32')('makes a socket that only its user may use', async () => {
    const path = await freePath();
    const server = await listenOnSocket(path, () => {});
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await server.close();
  });

  it('tells that a server is gone that left its socket behind', async () => {
    const path = await freePath();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await new Promise((resolve) => other.close(resolve));
    await expect(connectToSocket(path)).rejects.toMatchObject({
      cause: { code: expect.stringMatching(/ENOENT|ECONNREFUSED/) },
    });
  });
});

describe('a client in another process', () => {
  async function hostOf(store: MemoryStore): Promise<{ path: string; gone: Promise<string[]> }> {
    const path = await freePath();
    let told: (workers: string[]) => void = () => {};
    const gone = new Promise<string[]>((resolve) => {
      told = resolve;
    });
    const server = await listenOnSocket(path, (channel) =>
      serveStore(store, channel, {
        onGone: async (_client, workers) => {
          await store.takeBack(workers, 'crashed');
          told(workers);
        },
      }),
    );
    onTestFinished(() => server.close());
    return { path, gone };
  }

  it('is known to be dead when it is killed, at once and with its jobs', async () => {
    const store = new MemoryStore();
    const { path, gone } = await hostOf(store);
    const child = startChild('./socket-child.ts', [path]);
    expect(await child.message()).toBe('ready');
    child.send('claim');
    const [added] = await store.add([{ type: 'a', data: 1 }]);
    expect(await child.message()).toBe(added?.id);
    await child.kill();
    expect(await gone).toEqual([`worker-${child.process.pid}`]);
    expect((await store.get([added?.id ?? '']))[0]).toMatchObject({ status: 'pending', metadata: { crashes: 1 } });
  });

  it('gives its jobs back when it leaves, and its process ends by itself', async () => {
    const store = new MemoryStore();
    const { path } = await hostOf(store);
    const [added] = await store.add([{ type: 'a', data: 1 }]);
    const child = startChild('./socket-child.ts', [path]);
    await child.message();
    child.send('claim');
    await child.message();
    child.send('close');
    expect(await child.ended).toBe(0);
    expect((await store.get([added?.id ?? '']))[0]).toMatchObject({
      status: 'pending',
      attempt: 0,
      metadata: { retries: 0 },
    });
  });
});

describe('reconnecting', () => {
  it('goes on over servers that come and go, within two seconds', async () => {
    const store = new MemoryStore();
    const path = await freePath();
    const open = new Set<Channel>();
    const start = () =>
      listenOnSocket(path, (channel) => {
        open.add(channel);
        serveStore(store, channel, { onGone: () => {} });
      });
    let server = await start();
    const client = reconnectingStore(() => connectToSocket(path));
    const added: string[] = [];
    let slowest = 0;
    for (let n = 0; n < 300; n++) {
      if (n % 30 === 29) {
        for (const channel of open) channel.close(new Error('cut'));
        open.clear();
        await server.close();
        server = await start();
      }
      const before = performance.now();
      const [result] = await client.add([{ type: 'a', data: n }]);
      slowest = Math.max(slowest, performance.now() - before);
      added.push(result?.id ?? '');
    }
    expect(new Set(added).size).toBe(300);
    expect((await store.counts()).pending).toBe(300);
    expect(slowest).toBeLessThan(2_000);
    await client.close();
    await server.close();
  });
});

import { expect, it } from 'vitest';
import { MemoryStore } from '../memory-store';
import type { JobStore } from '../store';
import { FakeClock, type StoreUnderTest, storeSuite } from '../testing/index';
import type { Channel } from './channel';
import { memoryChannelPair } from './memory-channel';
import { messagePortChannel } from './message-port-channel';
import type { Answer, Entry } from './protocol';
import { reconnectingStore } from './reconnecting-store';
import { RemoteStore } from './remote-store';
import { serveStore } from './serve-store';

/** Clients of one memory store, over channels that `connect` makes. */
async function clientsOf(connect: (host: MemoryStore, clock: FakeClock) => JobStore): Promise<StoreUnderTest> {
  const clock = new FakeClock();
  const host = new MemoryStore({ clock, audit: 10_000 });
  const clients: JobStore[] = [];
  const another = async (): Promise<JobStore> => {
    const client = connect(host, clock);
    clients.push(client);
    await client.open();
    return client;
  };
  return {
    store: await another(),
    clock,
    second: another,
    dispose: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await host.close();
    },
  };
}

function served(host: JobStore, [client, server]: readonly [Channel, Channel]): Channel {
  serveStore(host, server);
  return client;
}

storeSuite({
  name: 'RemoteStore over a channel of JSON',
  create: () =>
    clientsOf((host) => {
      const { a, b } = memoryChannelPair({ format: 'json' });
      return new RemoteStore(served(host, [a, b]));
    }),
  expectedSkips: ['persistence'],
});

storeSuite({
  name: 'RemoteStore over a MessagePort',
  create: () =>
    clientsOf((host) => {
      const { port1, port2 } = new MessageChannel();
      return new RemoteStore(served(host, [messagePortChannel(port1), messagePortChannel(port2)]));
    }),
  expectedSkips: ['persistence'],
});

/**
 * Says when to cut: every few messages, but not while a claim is under way. Its jobs would go back and be claimed again, which is right,
 * and which a test that counts changes can see.
 */
function everyFew(messages: number): (message: unknown, delivered: number) => boolean {
  const claims = new Set<number>();
  return (message, delivered) => {
    const { m, a = [] } = message as { m?: string; a?: unknown[] };
    for (const entry of m === 'send' ? (a[0] as Entry[]) : []) {
      if ('method' in entry && entry.method === 'claim') claims.add(entry.id);
    }
    for (const { id } of m === 'answers' ? (a[0] as Answer[]) : []) claims.delete(id);
    return delivered >= messages && claims.size === 0;
  };
}

let cuts = 0;
storeSuite({
  name: 'FailoverStore over channels that break every few messages',
  create: () => {
    let connections = 0;
    return clientsOf((host, clock) =>
      // On the machine's clock: it waits between attempts while a test holds the store's clock still.
      reconnectingStore(async () => {
        const { a, b } = memoryChannelPair({ cutAfter: everyFew(8 + (connections++ % 7)) });
        a.onClose(() => cuts++);
        serveStore(host, b, { grace: Number.MAX_SAFE_INTEGER, clock });
        return a;
      }),
    );
  },
  expectedSkips: ['persistence'],
});

it('was cut many times on the way', () => {
  expect(cuts).toBeGreaterThan(500);
});

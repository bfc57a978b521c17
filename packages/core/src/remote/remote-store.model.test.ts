import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryStore } from '../memory-store';
import type { JobStore } from '../store';
import { FakeClock, type StoreUnderTest } from '../testing/index';
import { modelSuite } from '../testing/model/index';
import type { Channel } from './channel';
import { memoryChannelPair } from './memory-channel';
import { messagePortChannel } from './message-port-channel';
import { reconnectingStore } from './reconnecting-store';
import { RemoteStore } from './remote-store';
import { serveStore } from './serve-store';

const MINUTE = 60_000;
/** Small enough that jobs go while others are there. */
const retention = {
  completed: { age: 30 * MINUTE, count: 4, bytes: 1_000 },
  failed: { age: 120 * MINUTE, count: 3, bytes: 1_000 },
};

/** Clients of one memory store, over channels that `connect` makes. */
async function clientsOf(connect: (host: MemoryStore, clock: FakeClock) => JobStore): Promise<StoreUnderTest> {
  const clock = new FakeClock();
  const host = new MemoryStore({ clock, retention, audit: 10_000 });
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

modelSuite({
  name: 'RemoteStore over a channel of JSON',
  fc,
  runs: 60,
  retention,
  create: () =>
    clientsOf((host) => {
      const { a, b } = memoryChannelPair({ format: 'json' });
      return new RemoteStore(served(host, [a, b]));
    }),
});

modelSuite({
  name: 'RemoteStore over a MessagePort',
  fc,
  runs: 60,
  retention,
  create: () =>
    clientsOf((host) => {
      const { port1, port2 } = new MessageChannel();
      return new RemoteStore(served(host, [messagePortChannel(port1), messagePortChannel(port2)]));
    }),
});

let cuts = 0;
modelSuite({
  name: 'FailoverStore over channels that break every few messages',
  fc,
  runs: 60,
  retention,
  lossy: true,
  patience: 1_000,
  create: () => {
    let connections = 0;
    return clientsOf((host, clock) =>
      // On the machine's clock: it waits between attempts while a test holds the store's clock still.
      reconnectingStore(async () => {
        const { a, b } = memoryChannelPair({ cutAfter: 20 + (connections++ % 9) });
        a.onClose(() => cuts++);
        serveStore(host, b, { grace: Number.MAX_SAFE_INTEGER, clock });
        return a;
      }),
    );
  },
});

it('was cut many times on the way', () => {
  expect(cuts).toBeGreaterThan(60);
});

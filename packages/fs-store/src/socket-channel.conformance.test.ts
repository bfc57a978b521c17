import { rm } from 'node:fs/promises';
import { type JobStore, MemoryStore } from '@leviathan/core';
import { RemoteStore, serveStore } from '@leviathan/core/remote';
import { FakeClock, storeSuite } from '@leviathan/core/testing';
import { connectToSocket, listenOnSocket } from './socket-channel';
import { tempSocket } from './testing/temp-socket';

storeSuite({
  name: 'RemoteStore over a local socket',
  create: async () => {
    const clock = new FakeClock();
    const host = new MemoryStore({ clock, audit: 10_000 });
    const { dir, path } = await tempSocket();
    const server = await listenOnSocket(path, (channel) => serveStore(host, channel));
    const clients: JobStore[] = [];
    const another = async (): Promise<JobStore> => {
      const client = new RemoteStore(await connectToSocket(path));
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
        await server.close();
        await host.close();
        await rm(dir, { recursive: true });
      },
    };
  },
  expectedSkips: ['persistence'],
});

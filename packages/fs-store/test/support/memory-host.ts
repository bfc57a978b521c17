/** Locks and sockets of the processes of one machine in memory. The locks are the store's own lock files. */
import { ConnectionError } from '@leviathan/core';
import { type Channel, memoryChannelPair } from '@leviathan/core/remote';
import type { Files } from '../../src/files';
import type { Host } from '../../src/host';
import { acquireLock, isLockedByOther } from '../../src/lock';

/** @param files What the lock files stand in. */
export function memoryHost(files: Files): Host {
  const listening = new Map<string, (channel: Channel) => void>();
  return {
    acquireLock: (path) => acquireLock(path, { files, fallback: true }),
    isLockedByOther: (path) => isLockedByOther(path, { files, fallback: true }),
    listen: async (path, onChannel) => {
      listening.set(path, onChannel);
      return { close: async () => void listening.delete(path) };
    },
    connect: async (path) => {
      const onChannel = listening.get(path);
      if (!onChannel) throw new ConnectionError(`Nobody listens at ${path}.`);
      const { a, b } = memoryChannelPair();
      onChannel(b);
      return a;
    },
  };
}

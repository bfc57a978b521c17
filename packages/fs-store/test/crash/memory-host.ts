/**
 * Locks and connections of a machine in memory.
 *
 * @module
 */
import { ConnectionError } from '@leviathan/core';
import { type Channel, memoryChannelPair } from '@leviathan/core/remote';
import type { Files } from '../../src/files';
import type { Host } from '../../src/host';

/** What the processes of one machine share. */
export class Kernel {
  readonly locks = new Map<string, object>();
  readonly servers = new Map<string, (channel: Channel) => void>();
}

/**
 * The host of one process. Of files that nobody here locks it says that somebody does: what a dead process ran is taken back when the
 * checker says so, and not before it has looked.
 */
export function memoryHost(kernel: Kernel, files: Files): Host & { kill(): void } {
  const held = new Set<string>();
  const self = {};
  return {
    acquireLock(path) {
      files.closeSync(files.openSync(path, 'lock'));
      if (kernel.locks.has(path)) return null;
      kernel.locks.set(path, self);
      held.add(path);
      const isHeld = (): boolean => held.has(path);
      return {
        kind: 'kernel',
        isHeld,
        release() {
          if (held.delete(path)) kernel.locks.delete(path);
        },
      };
    },
    isLockedByOther: () => true,
    async listen(path, onChannel) {
      kernel.servers.set(path, onChannel);
      return { close: async () => void kernel.servers.delete(path) };
    },
    async connect(path) {
      const onChannel = kernel.servers.get(path);
      if (!onChannel) throw new ConnectionError(`Nobody listens on ${path}.`);
      const { a, b } = memoryChannelPair();
      onChannel(a);
      return b;
    },
    kill() {
      for (const path of held) kernel.locks.delete(path);
      held.clear();
      kernel.servers.clear();
    },
  };
}

/**
 * What the store asks of the system besides files: locks that end with their holder, and connections between the processes of one
 * machine. A test stands in for both to let processes live and die inside one.
 *
 * @module
 */
import type { Channel } from '@leviathan/core/remote';
import type { Files } from './files';
import { acquireLock, isLockedByOther, type Lock } from './lock';
import { connectToSocket, listenOnSocket, type SocketServer } from './socket-channel';

/** See the module. */
export interface Host {
  /** Takes the lock on a file, which is made when it is missing; `null` when another holds it. */
  acquireLock(path: string): Lock | null;
  /** Whether {@link Host.acquireLock} would give `null` now. @throws `ENOENT` or nothing when there is no such file */
  isLockedByOther(path: string): boolean;
  /** Lets others connect under this name. @throws ConnectionError */
  listen(path: string, onChannel: (channel: Channel) => void): Promise<SocketServer>;
  /** @throws ConnectionError when nobody listens */
  connect(path: string): Promise<Channel>;
}

/** The kernel's locks (or lock files, see `lock.ts`) and local sockets. */
export function systemHost(files: Files, fallback: boolean): Host {
  return {
    acquireLock: (path) => acquireLock(path, { files, fallback }),
    isLockedByOther: (path) => isLockedByOther(path, { files, fallback }),
    listen: (path, onChannel) => listenOnSocket(path, onChannel),
    connect: (path) => connectToSocket(path),
  };
}

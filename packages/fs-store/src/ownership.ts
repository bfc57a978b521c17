/**
 * What comes with owning a root: the lock, the socket that clients use, and the duty to let go of both.
 *
 * @module
 */

import { type JobStore, StoreClosedError, systemClock, type Timer } from '@leviathan/core';
import { type ServedClient, serveStore } from '@leviathan/core/remote';
import { clearSockets, removeOwnerFile, socketPath, writeOwnerFile } from './endpoint';
import type { Lock } from './lock';
import type { StoreSettings } from './options';
import type { SocketServer } from './socket-channel';

/** How often (ms) an owner that does nothing makes sure that nobody removed its lock file under it. */
const LOCK_CHECK_INTERVAL = 2_000;

/** For so long (ms) it trusts a look at its lock when it writes: a takeover takes longer. */
const TRUST = 10;

/** What an owner hears of its clients. */
export interface ServedStore extends JobStore {
  /** A client is there, perhaps again, with the workers that it had. */
  clientWelcome(instance: string, workers: string[]): void;
  /** A worker of a connected client: from now on the connection tells of their end. */
  clientWorker(instance: string, worker: string): void;
  /** The client's connection is gone without a goodbye. */
  clientGone(instance: string, workers: string[]): void;
  /** The store may not write any more: its lock is lost. */
  abandon(): Promise<void>;
}

/** One term of one owner. */
export class Ownership {
  /** Resolves when the lock turns out to be lost: this process must not write any more. */
  readonly lost: Promise<void>;
  private lose: () => void = () => {};
  private server: SocketServer | undefined;
  private readonly served = new Set<ServedClient>();
  private check: Timer | undefined;
  private store: ServedStore | undefined;
  private deposed = false;
  private looked = performance.now();

  constructor(
    private readonly settings: StoreSettings,
    private readonly lock: Lock,
    private readonly instance: string,
  ) {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  /** Clients that are connected now, and stay. */
  get clients(): number {
    let clients = 0;
    for (const { hasLeft } of this.served) if (!hasLeft) clients++;
    return clients;
  }

  /** Whether the lock turned out to be lost. */
  get isLost(): boolean {
    return this.deposed;
  }

  /**
   * Whether this process may write now. It may have stood still for hours since it wrote last (stopped by a debugger, a frozen container):
   * the first thing that it does then must not be to write into a folder that is another's by now.
   */
  mayWrite(): boolean {
    if (this.deposed) return false;
    const now = performance.now();
    if (now - this.looked < TRUST) return true;
    this.looked = now;
    if (this.mayHold()) return true;
    this.depose();
    return false;
  }

  /** Lets clients in. */
  async serve(store: ServedStore): Promise<void> {
    this.store = store;
    if (!this.mayWrite()) throw new StoreClosedError();
    const { files, host, root, clock, onError } = this.settings;
    const socket = socketPath(files, root);
    clearSockets(files, socket);
    this.server = await host.listen(socket, (channel) => {
      const client = serveStore(store, channel, {
        clock,
        // After a change of owners the clients come with the workers that they had before.
        onWelcome: (instance, workers) => store.clientWelcome(instance, workers),
        onWorker: (instance, worker) => store.clientWorker(instance, worker),
        onGone: (instance, workers) => store.clientGone(instance, workers),
        onError,
      });
      this.served.add(client);
      void client.closed.then(() => this.served.delete(client));
    });
    await writeOwnerFile(files, root, {
      pid: process.pid,
      socket,
      instance: this.instance,
      since: new Date(clock.now()).toISOString(),
    });
    this.watchLock();
  }

  /** Answers what is under way, and sends the clients away: they wait for the lock. */
  async stopServing(): Promise<void> {
    this.check?.cancel();
    const stopped = this.server?.close();
    await Promise.all([...this.served].map((client) => client.close()));
    await stopped;
    this.server = undefined;
  }

  /** Gives the root free. Never throws: what is left undone is the next owner's to remove. */
  async end(): Promise<void> {
    try {
      await this.stopServing();
      if (this.lock.isHeld()) await removeOwnerFile(this.settings.files, this.settings.root);
    } catch (error) {
      // It names a socket at which nobody listens any more: the lock tells that there is no owner.
      this.settings.onError(error);
    } finally {
      this.lock.release();
    }
  }

  private watchLock(): void {
    // Real time: what is watched is the real file system.
    this.check = systemClock.after(LOCK_CHECK_INTERVAL, () => {
      if (this.deposed) return;
      if (this.mayHold()) this.watchLock();
      else this.depose();
    });
  }

  /** Somebody removed the lock file by hand, and another process may own the folder by now. */
  private depose(): void {
    this.deposed = true;
    // Not in the middle of the write that was refused.
    queueMicrotask(() => void this.fence().finally(() => this.lose()));
  }

  private mayHold(): boolean {
    try {
      return this.lock.isHeld();
    } catch (error) {
      // A folder that cannot be looked at for the moment proves nothing.
      this.settings.onError(error);
      return true;
    }
  }

  /** Nothing is written any more. The clients are sent away: they look for the new owner, or become it. */
  private async fence(): Promise<void> {
    await this.store?.abandon();
    await this.stopServing();
    this.lock.release();
  }
}

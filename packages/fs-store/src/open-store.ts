/**
 * Opening a root: as its owner when the lock is free, as a client of the owner otherwise.
 *
 * @module
 */
import { join } from 'node:path';
import { StoreError } from '@leviathan/core';
import { type ClientIdentity, type OpenedStore, RemoteStore } from '@leviathan/core/remote';
import { readOwnerFile } from './endpoint';
import { prepareRoot } from './format';
import { Layout } from './layout';
import { acquireLock, type Lock } from './lock';
import type { StoreSettings } from './options';
import { OwnerStore, openJournal } from './owner-store';
import { Ownership } from './ownership';
import { Presence } from './presence';
import { recover } from './recovery';
import { connectToSocket } from './socket-channel';

/** Wait (ms) between two looks at an owner that does not answer yet, or any more. */
const RETRY_INTERVAL = 25;

/** Opens one root, as often as it takes. */
export class StoreOpener {
  private readonly layout: Layout;
  private readonly presence: Presence;
  private owned: OwnerStore | undefined;
  private present: { client: string; lock: Lock } | undefined;

  constructor(private readonly settings: StoreSettings) {
    this.layout = new Layout(settings.root);
    this.presence = new Presence(settings.files, settings.root, settings.fallbackLock);
  }

  /**
   * The store of this root, as it can be had now.
   * @throws StoreError: `NOT_A_FOLDER`, `NOT_OWNER`, `NOT_WRITABLE`, `FORMAT`, `OWNER_SILENT`, `WRITE_FAILED`
   */
  async open(client: ClientIdentity): Promise<OpenedStore> {
    const { files, root, clock, fallbackLock, patience } = this.settings;
    await prepareRoot(files, root, clock.now());
    this.layout.ensure(files);
    this.present ??= { client: client.client, lock: this.presence.enter(client.client) };
    const giveUp = performance.now() + patience;
    for (;;) {
      const lock = acquireLock(join(root, 'lock'), { files, fallback: fallbackLock });
      if (lock) return this.own(lock, client.client);
      const remote = await this.join(client);
      if (remote) return remote;
      if (performance.now() > giveUp) throw this.silence();
      // The owner starts, or ends: either way something changes soon.
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL));
    }
  }

  /** See `FsStore.tidy`. */
  async tidy(): Promise<void> {
    if (!this.owned) {
      throw new StoreError(
        'NOT_THE_OWNER',
        `${this.settings.root} is held by another process, which keeps it in order itself.`,
      );
    }
    await this.owned.tidy();
  }

  /** This process needs the root no more. */
  leave(): void {
    if (this.present) this.presence.leave(this.present.client, this.present.lock);
    this.present = undefined;
  }

  private async join(client: ClientIdentity): Promise<OpenedStore | undefined> {
    const owner = readOwnerFile(this.settings.files, this.settings.root);
    if (!owner) return undefined;
    try {
      const store = new RemoteStore(await connectToSocket(owner.socket), client);
      await store.open();
      this.owned = undefined;
      return { store, lost: store.lost };
    } catch (error) {
      if (error instanceof StoreError && error.code === 'CONNECTION') return undefined;
      throw error;
    }
  }

  private async own(lock: Lock, instance: string): Promise<OpenedStore> {
    const { settings, layout, presence } = this;
    const { files, clock } = settings;
    const ownership = new Ownership(settings, lock, instance);
    try {
      const recovered = await recover(files, layout.journal, clock);
      for (const { file, from, message } of recovered.findings) {
        settings.onError(new StoreError('JOURNAL', `journal/${file}, byte ${from}: ${message}`));
      }
      const journal = await openJournal(settings, layout, recovered);
      const store = new OwnerStore({ settings, layout, recovered, journal, presence, instance, ownership });
      await store.start();
      await ownership.serve(store);
      this.owned = store;
      return { store, lost: ownership.lost };
    } catch (error) {
      await ownership.end();
      throw error;
    }
  }

  private silence(): StoreError {
    const { root, files } = this.settings;
    const pid = readOwnerFile(files, root)?.pid;
    return new StoreError(
      'OWNER_SILENT',
      `${root} is in use${pid === undefined ? '' : ` by process ${pid}`}, which does not answer. Wait until it has started, or end it.`,
    );
  }
}

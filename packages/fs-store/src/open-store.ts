/**
 * Opening a root: as its owner when the lock is free, as a client of the owner otherwise.
 *
 * @module
 */
import { join } from 'node:path';
import { ConnectionError, StoreError } from '@leviathan/core';
import { type ClientIdentity, ConnectionLostError, type OpenedStore, RemoteStore } from '@leviathan/core/remote';
import { readOwnerFile, removeOwnerFile } from './endpoint';
import { fencedFiles } from './fenced-files';
import { errorCode } from './files';
import { prepareRoot, rootError } from './format';
import { Journal } from './journal';
import { Layout } from './layout';
import { removeLeftovers } from './leftovers';
import type { Lock } from './lock';
import type { StoreSettings } from './options';
import { OwnerStore } from './owner-store';
import { Ownership } from './ownership';
import { Presence } from './presence';
import { type Recovered, recover } from './recovery';

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
    this.presence = new Presence(settings.files, settings.host, settings.root);
  }

  /**
   * The store of this root, as it can be had now.
   * @throws StoreError: `NOT_A_FOLDER`, `NOT_OWNER`, `NOT_WRITABLE`, `FORMAT`, `OWNER_SILENT`, `WRITE_FAILED`
   */
  async open(client: ClientIdentity): Promise<OpenedStore> {
    try {
      return await this.openNow(client);
    } catch (error) {
      throw typed(this.settings.root, error);
    }
  }

  private async openNow(client: ClientIdentity): Promise<OpenedStore> {
    const { files, host, root, clock, patience } = this.settings;
    await prepareRoot(files, root, clock.now());
    // What is archived must not be lost with its folder, while the journal says that it is there.
    if (this.layout.ensure(files).length > 0) await files.syncDir(root);
    this.present ??= { client: client.client, lock: this.presence.enter(client.client) };
    const giveUp = performance.now() + patience;
    for (;;) {
      const lock = host.acquireLock(join(root, 'lock'));
      const opened = lock ? await this.own(lock, client.client) : await this.join(client, giveUp);
      if (opened) return opened;
      if (performance.now() > giveUp) throw this.silence();
      // The owner starts, or ends: either way something changes soon.
      await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL));
    }
  }

  /** Whether this process owns the root. */
  get isOwner(): boolean {
    return this.owned !== undefined;
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

  /** @throws ConnectionError when the owner speaks another version of the protocol */
  private async join(client: ClientIdentity, giveUp: number): Promise<OpenedStore | undefined> {
    const { files, host, root } = this.settings;
    const owner = readOwnerFile(files, root);
    if (!owner) return undefined;
    const channel = await host.connect(owner.socket).catch((error) => {
      if (error instanceof ConnectionError) return undefined;
      throw error;
    });
    if (!channel) return undefined;
    // The kernel takes connections for a process that stands still, too.
    const tooLong = setTimeout(() => channel.close(), Math.max(0, giveUp - performance.now()));
    try {
      const store = new RemoteStore(channel, client);
      await store.open();
      this.owned = undefined;
      return { store, lost: store.lost };
    } catch (error) {
      // Gone, or about to go.
      if (error instanceof ConnectionLostError || isClosed(error)) return undefined;
      throw error;
    } finally {
      clearTimeout(tooLong);
    }
  }

  /** `undefined`: the lock was lost before the store was open. */
  private async own(lock: Lock, instance: string): Promise<OpenedStore | undefined> {
    const { layout, presence } = this;
    const ownership = new Ownership(this.settings, lock, instance);
    const files = fencedFiles(this.settings.files, () => ownership.mayWrite());
    // What fails once the folder is another's fails because of that.
    const onError = (error: unknown): void => void (ownership.isLost || this.settings.onError(error));
    const settings = { ...this.settings, files, onError };
    const { clock } = settings;
    let store: OwnerStore | undefined;
    try {
      // It names a dead owner, or that of the folder from which this one was copied: nobody must be led there.
      await removeOwnerFile(files, settings.root);
      for (const folder of [settings.root, presence.dir]) removeLeftovers(files, folder);
      const recovered = await recover(files, layout.journal, clock);
      for (const { file, from, message } of recovered.findings) {
        settings.onError(new StoreError('JOURNAL', `journal/${file}, byte ${from}: ${message}`));
      }
      const journal = await openJournal(settings, layout, recovered);
      store = new OwnerStore({ settings, layout, recovered, journal, presence, instance, ownership });
      await store.start();
      await ownership.serve(store);
      this.owned = store;
      const owned = store;
      return { store, lost: ownership.lost, ending: () => owned.hurry() };
    } catch (error) {
      // What runs in it already must not write without the lock.
      await store?.abandon();
      await ownership.end();
      if (ownership.isLost) return undefined;
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

/** The owner closed its store while it welcomed this client. */
function isClosed(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } };
  return error instanceof ConnectionError && cause?.code === 'CLOSED';
}

/** What a failed system call, also one on the socket, means for who opens the root. */
function typed(root: string, error: unknown): unknown {
  const cause = error instanceof ConnectionError ? error.cause : error;
  return cause instanceof StoreError || errorCode(cause) === undefined ? error : rootError(root, cause);
}

/** Opens the journal behind what was recovered. @throws StoreWriteError */
function openJournal(settings: StoreSettings, layout: Layout, recovered: Recovered): Promise<Journal> {
  const { files, durability, segmentBytes, clock } = settings;
  const { end } = recovered;
  const options = {
    durability,
    segmentBytes,
    now: () => clock.now(),
    next: end.next,
    tail: end.tail,
    givenUp: end.givenUp,
    epoch: end.epoch + 1,
  };
  return Journal.open(files, layout.journal, options);
}

/**
 * The store on plain files.
 *
 * @module
 */
import type { PastQuery, PastState, StoreHealth, Trail } from '@leviathan/core';
import { PastDesk } from '@leviathan/core/engine';
import { FailoverStore } from '@leviathan/core/remote';
import { JournalPast } from './journal-past';
import { Layout } from './layout';
import { StoreOpener } from './open-store';
import { capabilitiesOf, type FsStoreOptions, settingsOf } from './options';

/**
 * Jobs in a folder that any number of processes may open at once. The first one owns it and does the writing; the others work through
 * it over a local socket, and one of them takes over when it goes. Callers notice nothing of it but a delay.
 *
 * @example
 * ```ts
 * const leviathan = new Leviathan({ store: fsStore(), processors: [resize] });
 * ```
 */
export class FsStore extends FailoverStore {
  /** The folder of the jobs. */
  readonly root: string;
  private readonly opener: StoreOpener;
  private readonly pastFiles: JournalPast;
  private readonly past: PastDesk;

  constructor(options: FsStoreOptions = {}) {
    const settings = settingsOf(options);
    const opener = new StoreOpener(settings);
    super((client) => opener.open(client), {
      clock: settings.clock,
      patience: settings.patience,
      capabilities: capabilitiesOf(settings),
    });
    this.root = settings.root;
    this.opener = opener;
    this.pastFiles = new JournalPast(settings.files, new Layout(settings.root).journal);
    this.past = new PastDesk(this.pastFiles, settings.clock);
  }

  /**
   * Brings the folders up to date and takes a snapshot, so that the next opening reads little. Only in the process that owns the store.
   * @throws StoreError `NOT_THE_OWNER`
   */
  async tidy(): Promise<void> {
    await this.open();
    await this.opener.tidy();
  }

  /** Read from the files in this process: a long history costs the owner nothing. */
  override async trail(id: string): Promise<Trail> {
    await this.open();
    return this.past.trail(id);
  }

  /** As {@link FsStore.trail}. The jobs of that time are in this process's memory while they are looked at. */
  override async stateAt(at: number, query?: PastQuery): Promise<PastState> {
    await this.open();
    return this.past.stateAt(at, query);
  }

  /** As the owner tells it; `details.role` is this process's own. */
  override async health(): Promise<StoreHealth> {
    const health = await super.health();
    if (health.details.role !== undefined) health.details.role = this.opener.isOwner ? 'owner' : 'client';
    return health;
  }

  override async close(): Promise<void> {
    this.past.forget();
    this.pastFiles.close();
    try {
      await super.close();
    } finally {
      this.opener.leave();
    }
  }
}

/** Makes an {@link FsStore}; nothing is opened before its first use. */
export function fsStore(options?: FsStoreOptions): FsStore {
  return new FsStore(options);
}

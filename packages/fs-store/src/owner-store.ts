/**
 * The store in the process that owns it: the engine over the journal, with the folders as its face.
 *
 * @module
 */
import {
  type ClaimedJob,
  type ClaimRequest,
  type DefinitionChange,
  type JobValidator,
  type Json,
  StoreClosedError,
  type StoreHealth,
  storeHealth,
  systemClock,
  type Timer,
} from '@leviathan/core';
import { decideDefine, EngineStore, isLeaving, jobTextOf } from '@leviathan/core/engine';
import { Archive } from './archive';
import { BodyCache } from './bodies';
import { Calm } from './calm';
import { checkDisk, checkFolders, checkJournal } from './checks';
import { DeathWatch } from './death-watch';
import { DefinitionFiles } from './definition-files';
import { Inbox } from './inbox';
import { asWriteError, Journal } from './journal';
import { JournalLog } from './journal-log';
import { JournalPast } from './journal-past';
import type { Layout } from './layout';
import { capabilitiesOf, type StoreSettings } from './options';
import { Outside } from './outside';
import type { Ownership, ServedStore } from './ownership';
import type { Presence } from './presence';
import { Quarantine } from './quarantine';
import { isLoss, type Recovered } from './recovery';
import { Snapshotter } from './snapshotter';
import { FolderView } from './view';

/** How often (ms) the archive is compressed and cut to its limits. */
const ARCHIVE_INTERVAL = 24 * 60 * 60 * 1000;

/** So many segments may wait for a calm moment to get their link of the chain. */
const BACKLOG = 8;

/** The data of jobs behind so many others is read from the journal when their turn comes: in blocks, since their neighbours come next. */
const LONG_QUEUE = 2_000;

/** What an owner is made of. */
export interface OwnerParts {
  settings: StoreSettings;
  layout: Layout;
  recovered: Recovered;
  journal: Journal;
  presence: Presence;
  /** This process's name among the clients. */
  instance: string;
  ownership: Ownership;
}

/** Opens the journal behind what was recovered. @throws StoreWriteError */
export function openJournal(settings: StoreSettings, layout: Layout, recovered: Recovered): Promise<Journal> {
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

/** See the module. */
export class OwnerStore extends EngineStore implements ServedStore {
  private readonly parts: OwnerParts;
  private readonly log: JournalLog;
  private readonly snapshotter: Snapshotter;
  private readonly outside: Outside;
  private readonly view: FolderView;
  private readonly inbox: Inbox;
  private readonly definitionFiles: DefinitionFiles;
  private readonly archive: Archive;
  private readonly pastFiles: JournalPast;
  private readonly deaths: DeathWatch;
  /** Resolves when the folders were compared with the journal for the first time. */
  private reconciled: Promise<void> = Promise.resolve();
  /** Workers of connected clients; all others that claim here are of this process. */
  private readonly remoteWorkers = new Set<string>();
  private ending: Promise<void> | undefined;
  /** No job leaves any more, be its retention over or not. */
  private staysAsItIs = false;
  private archiveTimer: Timer | undefined;

  constructor(parts: OwnerParts) {
    const { settings, layout, recovered, journal } = parts;
    const { files, clock, onError } = settings;
    const log = new JournalLog(journal, onError);
    const bodies = new BodyCache(
      (file, offset, length) => journal.readBody(file, offset, length),
      settings.memoryBytes,
      () => recovered.table.counts.total.ready > LONG_QUEUE,
    );
    const quarantine = new Quarantine(layout, files, clock);
    const archive = new Archive(layout.archive, files, clock, settings.audit);
    const past = new JournalPast(files, layout.journal);
    super({
      capabilities: capabilitiesOf(settings),
      log,
      bodies,
      retention: settings.retention,
      clock,
      maxJobBytes: settings.maxJobBytes,
      machine: settings.machine,
      table: recovered.table,
      hub: recovered.hub,
      past,
      archive: {
        append: (entries) =>
          archive.append(
            entries.map((entry) => ({
              finished: entry.run?.finished ?? entry.updated,
              text: jobTextOf(entry, bodies),
            })),
          ),
        // Also at `process`: a power cut must not keep the removal alone.
        sync: () => archive.sync(),
      },
      onError,
    });
    this.parts = parts;
    this.log = log;
    this.archive = archive;
    this.pastFiles = past;
    this.outside = new Outside({
      table: this.table,
      change: (request) => this.change(request),
      commit: (drafts) => this.commit(drafts),
      claimedTypes: () => this.claimedTypes(),
    });
    this.view = new FolderView({
      layout,
      files,
      table: this.table,
      bodies,
      // Not the engine's time: people and their editors live in this one.
      clock: settings.folderClock,
      limits: { pendingFiles: settings.pendingFiles },
      requests: this.outside,
      leftovers: recovered.tombstones,
      isLeaving: (entry) => !this.staysAsItIs && isLeaving(this.table, settings.retention, entry),
      durable: () => journal.durable,
      quarantine,
      onError,
      ...(settings.viewProgram && { program: settings.viewProgram }),
    });
    this.inbox = new Inbox({
      layout,
      files,
      clock: settings.folderClock,
      add: (specs) => this.add(specs),
      validator: () => this.outside.inboxValidator(),
      quarantine,
      onError,
    });
    this.definitionFiles = new DefinitionFiles({
      layout,
      files,
      clock: settings.folderClock,
      table: this.table.definitions,
      record: (change) => super.define([change], { by: 'folder' }),
      sync: settings.durability === 'power',
      quarantine,
      onError,
    });
    this.snapshotter = new Snapshotter(
      {
        files,
        dir: layout.journal,
        table: this.table,
        bodies,
        journal,
        log,
        clock,
        snapshotBytes: settings.snapshotBytes,
        audit: settings.audit,
        settleFolders: () => this.settleFolders(),
        onError,
      },
      recovered.snapshot?.from ?? 0,
    );
    journal.onSealed = () => this.extendChain();
    const isAlive = (instance: string): boolean => parts.presence.isAlive(instance);
    this.deaths = new DeathWatch(isAlive, (workers) => this.takeBack(workers, 'crashed'), onError);
    this.table.onApplied = (record, entry) => {
      if (entry) {
        log.refer(record, entry, bodies);
        this.view.noteRecord(record, entry.id);
        this.view.touch(entry);
      }
      this.snapshotter.check();
    };
  }

  /** Takes up the work: what a crash left half done is finished, jobs of dead processes go back, the folders follow, the inbox is read. */
  async start(): Promise<void> {
    const { onError } = this.parts.settings;
    await this.log.keepReserve();
    this.settleOrphans();
    this.watchAbsent();
    this.reconciled = this.view.start().catch(onError);
    await this.definitionFiles.start();
    this.startSchedules();
    // An edit by hand counts if the job is as its file says: a step before would make the file one of earlier.
    void this.reconciled.then(() => this.startAgeing());
    this.inbox.start();
    this.tendArchive();
    this.extendChain();
    // What is damaged is not read, and not reported, again once a new snapshot makes it superfluous.
    if (this.parts.recovered.findings.some(isLoss)) {
      void this.reconciled.then(() => this.snapshotter.take()).catch(onError);
    }
  }

  override async define(changes: DefinitionChange[], options: { by?: string } = {}): Promise<void> {
    this.assertOpen();
    // Refused before anything is written.
    if (decideDefine(this.table.definitions, changes).length === 0) return;
    try {
      await this.definitionFiles.change(changes, () => super.define(changes, options));
    } catch (error) {
      throw asWriteError('The definition cannot be written', error);
    }
  }

  override async claim(request: ClaimRequest, options?: { signal?: AbortSignal }): Promise<ClaimedJob[]> {
    this.assertOpen();
    // Those of clients were registered by their connection. An earlier process may have had a worker of the same name.
    if (!this.remoteWorkers.has(request.worker)) this.registerWorker(request.worker, this.parts.instance);
    return super.claim(request, options);
  }

  /** The worker lives and dies with this process. */
  private registerWorker(worker: string, instance: string): void {
    if (this.table.workers.get(worker) === instance) return;
    // Nobody waits for it: with the starts of the worker's jobs it is on the device, or they are not either.
    this.committer.commit([{ op: 'worker', worker, instance }], { lazy: true });
  }

  /** A client is there, perhaps again, with the workers that it had. */
  clientWelcome(instance: string, workers: string[]): void {
    for (const worker of workers) this.clientWorker(instance, worker);
    this.deaths.unwatch(instance);
  }

  /** A worker of a connected client: from now on the connection tells of their end. */
  clientWorker(instance: string, worker: string): void {
    this.registerWorker(worker, instance);
    this.remoteWorkers.add(worker);
    this.deaths.unwatch(instance);
  }

  /** The client's connection is gone without a goodbye: its jobs go back as soon as its death is proven. */
  clientGone(instance: string, workers: string[]): void {
    for (const worker of workers) this.remoteWorkers.delete(worker);
    this.deaths.watch(instance, workers);
  }

  override async takeBack(
    workers: string[],
    cause: 'released' | 'crashed',
    options: { keep?: string[] } = {},
  ): Promise<number> {
    const count = await super.takeBack(workers, cause, options);
    // A client that leaves in order says so by this; one that says what it keeps, if only nothing, is still there.
    if (!options.keep) for (const worker of workers) this.remoteWorkers.delete(worker);
    return count;
  }

  setValidator(validator: JobValidator): void {
    this.outside.validator = validator;
  }

  /** Folders up to date, and a snapshot. @throws StoreWriteError */
  async tidy(): Promise<void> {
    await this.reconciled;
    await this.view.flush();
    try {
      await this.snapshotter.take();
    } catch (error) {
      throw error instanceof StoreClosedError ? error : asWriteError('No snapshot can be written', error);
    }
    await this.snapshotter.tended();
    // A link that cannot be written now is written later.
    await this.parts.journal.chain.extend().catch(this.parts.settings.onError);
  }

  override async health(): Promise<StoreHealth> {
    const base = await super.health();
    const { journal, recovered, settings, ownership } = this.parts;
    const view = this.view.stats();
    const losses = recovered.findings.filter(isLoss);
    const checks = [
      checkJournal(journal.broken !== null, this.log.problem, losses.length),
      checkFolders(view.lagMs, view.dirty),
      await checkDisk(settings.files, settings.root, settings.lowDiskBytes),
      ...base.checks,
    ];
    const details: Record<string, Json> = {
      ...base.details,
      role: 'owner',
      root: settings.root,
      ownerPid: process.pid,
      durability: settings.durability,
      segment: journal.segment,
      clients: ownership.clients,
      absentClients: this.deaths.absent,
      files: { ...view.files },
      skippedPending: view.skippedPending,
      dirtyFiles: view.dirty,
      folderThread: this.view.isThreaded,
    };
    return storeHealth(checks, details);
  }

  /** No more calls come: what a broken disk still keeps waiting is not to keep the end waiting for long. */
  hurry(): void {
    this.log.hurry();
  }

  override close(): Promise<void> {
    this.hurry();
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    const { instance, journal, ownership } = this.parts;
    this.deaths.stop();
    this.archiveTimer?.cancel();
    const clients = ownership.clients;
    const { step, failed } = this.steps();
    await step('told', () => this.inbox.stop());
    await step('told', () => this.definitionFiles.stop());
    await step('told', () => ownership.stopServing());
    // Clients wait for the lock: whoever takes over goes on with the rest.
    await step('told', () => this.sweep(clients === 0 ? 'all' : 'one'));
    const own = [...this.table.byWorker.keys()].filter((worker) => this.table.workers.get(worker) === instance);
    await step('thrown', () => this.shutDown(own));
    // What ended just now may be one too many: the next owner lets the oldest go, and until then it has its file.
    this.staysAsItIs = clients === 0;
    await step('told', () => this.reconciled);
    await step('told', () => this.view.flush());
    await step('told', () => this.view.stop());
    await step('told', () => this.archive.close());
    // Clients wait for the lock: whoever takes over reads a few more records gladly.
    await step('told', () => this.snapshotter.finish({ hurry: clients > 0 }));
    await step('told', () => journal.chain.stop());
    this.pastFiles.close();
    this.log.close();
    await step('thrown', () => journal.close());
    await ownership.end();
    if (failed.length > 0) throw failed[0];
  }

  /**
   * The end goes through all its steps, whatever goes wrong in one: a folder that is watched on, or a lock that is kept, would trouble the
   * next owner. `thrown`: whoever closes must know that what was held or acknowledged is not on disk.
   */
  private steps(): { step(on: 'thrown' | 'told', run: () => unknown): Promise<void>; failed: unknown[] } {
    const failed: unknown[] = [];
    const step = async (on: 'thrown' | 'told', run: () => unknown): Promise<void> => {
      try {
        await run();
      } catch (error) {
        if (on === 'thrown') failed.push(asWriteError('The store cannot be closed in order', error));
        else this.parts.settings.onError(error);
      }
    };
    return { step, failed };
  }

  /** The store may not write any more: its lock is lost. Nothing is flushed, nobody is released. */
  async abandon(): Promise<void> {
    this.deaths.stop();
    this.archiveTimer?.cancel();
    this.snapshotter.abandon();
    this.pastFiles.close();
    this.log.close();
    const { journal } = this.parts;
    const closed = journal.close();
    // Claims that wait fail, and are made again where the store is now.
    const ended = this.shutDown([]);
    await Promise.allSettled([
      closed,
      journal.chain.stop(),
      ended,
      this.inbox.stop(),
      this.definitionFiles.stop(),
      this.view.stop(),
      this.archive.close(),
    ]);
  }

  /** Jobs of processes that are not connected: ours are held by this process itself, the others are waited for or taken back. */
  private watchAbsent(): void {
    const absent = new Map<string, string[]>();
    for (const worker of this.table.byWorker.keys()) {
      const instance = this.table.workers.get(worker) ?? 'unknown';
      if (instance === this.parts.instance) continue;
      absent.set(instance, [...(absent.get(instance) ?? []), worker]);
    }
    for (const [instance, workers] of absent) this.deaths.watch(instance, workers);
    this.parts.presence.sweep();
  }

  /** A process that is gone does not claim again under its workers' names. */
  private forgetWorkers(): void {
    const { presence, instance: own } = this.parts;
    const alive = new Map([[own, true]]);
    for (const [worker, instance] of this.table.workers) {
      if (this.table.byWorker.has(worker)) continue;
      const lives = alive.get(instance) ?? presence.isAlive(instance);
      alive.set(instance, lives);
      if (!lives) this.table.workers.delete(worker);
    }
  }

  /** Now, and once a day as long as this process owns the store. */
  private tendArchive(): void {
    this.archive.compress().catch(this.parts.settings.onError);
    this.archiveTimer = systemClock.after(ARCHIVE_INTERVAL, () => this.tendArchive());
  }

  /** In calm moments: what it reads may be 64 MiB. */
  private extendChain(): void {
    const { journal, settings } = this.parts;
    const { log } = this;
    const start = log.written;
    const calm = new Calm(
      () => log.written,
      () => log.written - start > BACKLOG * settings.segmentBytes,
    );
    journal.chain.extend(() => calm.wait()).catch(settings.onError);
  }

  private async settleFolders(): Promise<Iterable<string>> {
    this.forgetWorkers();
    return this.view.settle();
  }
}

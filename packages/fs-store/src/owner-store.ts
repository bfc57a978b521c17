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
  StoreClosedError,
  type StoreHealth,
} from '@leviathan/core';
import { decideDefine, EngineStore, isLeaving } from '@leviathan/core/engine';
import type { Archive } from './archive';

import { ClosingSteps } from './closing-steps';
import { DefinitionFiles } from './definition-files';
import { Inbox } from './inbox';
import { asWriteError } from './journal';
import type { JournalLog } from './journal-log';
import type { JournalPast } from './journal-past';
import { Outside } from './outside';
import { ownerHealth } from './owner-health';
import { foundationOf, type OwnerParts } from './owner-parts';
import type { ServedStore } from './ownership';
import { isLoss } from './recovery';
import { Snapshotter } from './snapshotter';
import { Upkeep } from './upkeep';
import { FolderView } from './view';
import { WorkerProcesses } from './worker-processes';

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
  private readonly processes: WorkerProcesses;
  private readonly upkeep: Upkeep;
  /** Resolves when the folders were compared with the journal for the first time. */
  private reconciled: Promise<void> = Promise.resolve();
  private ending: Promise<void> | undefined;
  /** No job leaves any more, be its retention over or not. */
  private staysAsItIs = false;

  constructor(parts: OwnerParts) {
    const { settings, layout, recovered, journal } = parts;
    const { files, clock, onError } = settings;
    const { log, bodies, quarantine, archive, past, engine } = foundationOf(parts);
    super(engine);
    this.parts = parts;
    this.log = log;
    this.archive = archive;
    this.pastFiles = past;
    this.outside = new Outside({
      table: this.table,
      change: (request) => this.change(request),
      commit: (drafts) => this.committer.commit(drafts),
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
    this.upkeep = new Upkeep({ archive, journal, log, segmentBytes: settings.segmentBytes, onError });
    journal.onSealed = () => this.upkeep.extendChain();
    this.processes = new WorkerProcesses({
      table: this.table,
      presence: parts.presence,
      instance: parts.instance,
      // With the starts of the worker's jobs it is on the device, or they are not either.
      record: (record) => void this.committer.commit([record], { lazy: true }),
      takeBack: (workers) => this.takeBack(workers, 'crashed'),
      onError,
    });
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
    this.processes.watchAbsent();
    this.reconciled = this.view.start().catch(onError);
    await this.definitionFiles.start();
    this.startSchedules();
    // An edit by hand counts if the job is as its file says: a step before would make the file one of earlier.
    void this.reconciled.then(() => this.startAgeing());
    this.inbox.start();
    this.upkeep.tendArchive();
    this.upkeep.extendChain();
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
    this.processes.claims(request.worker);
    return super.claim(request, options);
  }

  clientWelcome(instance: string, workers: string[]): void {
    this.processes.welcome(instance, workers);
  }

  clientWorker(instance: string, worker: string): void {
    this.processes.ofClient(instance, worker);
  }

  clientGone(instance: string, workers: string[]): void {
    this.processes.gone(instance, workers);
  }

  override async takeBack(
    workers: string[],
    cause: 'released' | 'crashed',
    options: { keep?: string[] } = {},
  ): Promise<number> {
    const count = await super.takeBack(workers, cause, options);
    // A client that leaves in order says so by this; one that says what it keeps, if only nothing, is still there.
    if (!options.keep) this.processes.left(workers);
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
    const { log, view, processes, parts } = this;
    return ownerHealth(await super.health(), { ...parts, log, view, processes });
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
    const { journal, ownership, settings } = this.parts;
    this.processes.stop();
    this.upkeep.stop();
    const clients = ownership.clients;
    const steps = new ClosingSteps(settings.onError);
    await steps.told(() => this.inbox.stop());
    await steps.told(() => this.definitionFiles.stop());
    await steps.told(() => ownership.stopServing());
    // Clients wait for the lock: whoever takes over goes on with the rest.
    await steps.told(() => this.sweep(clients === 0 ? 'all' : 'one'));
    const { own } = this.processes;
    await steps.thrown(() => this.shutDown(own));
    // What ended just now may be one too many: the next owner lets the oldest go, and until then it has its file.
    this.staysAsItIs = clients === 0;
    await steps.told(() => this.reconciled);
    // A job that is not durable yet has no file: what nobody waited for is waited for here.
    await steps.told(async () => this.log.synced());
    await steps.told(() => this.view.flush());
    await steps.told(() => this.view.stop());
    await steps.told(() => this.archive.close());
    // Clients wait for the lock: whoever takes over reads a few more records gladly.
    await steps.told(() => this.snapshotter.finish({ hurry: clients > 0 }));
    await steps.told(() => journal.chain.stop());
    this.pastFiles.close();
    this.log.close();
    await steps.thrown(() => journal.close());
    await ownership.end();
    steps.end();
  }

  /** The store may not write any more: its lock is lost. Nothing is flushed, nobody is released. */
  async abandon(): Promise<void> {
    this.processes.stop();
    this.upkeep.stop();
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

  private async settleFolders(): Promise<Iterable<string>> {
    this.processes.forgetDead();
    return this.view.settle();
  }
}

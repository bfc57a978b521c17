/**
 * What a workload works with: a store that it drives through its public API, time, and the hands of other programs. Every call goes into
 * the ledger, and one that is refused leaves the workload to go on without.
 *
 * @module
 */
import { join } from 'node:path';
import type {
  AddOptions,
  AddResult,
  ChangeAction,
  ChangeRequest,
  ChangeResult,
  ClaimedJob,
  ClaimRequest,
  DefinitionChange,
  Job,
  JobSpec,
  Json,
  Report,
  ReportResult,
  ScheduleValue,
  Settlement,
  SettleResult,
  UndoRequest,
} from '@leviathan/core';
import type { FakeClock } from '@leviathan/core/testing';
import { type FsStore, fsStore } from '../../src/fs-store';
import type { FsStoreOptions } from '../../src/options';
import { Ledger } from './ledger';

/** Where a workload runs: a real folder or one in memory, with or without something that goes wrong. */
export interface Site {
  root: string;
  /** The clock of the store's engine. Folders and inbox live in the time of the system. */
  clock: FakeClock;
  /** Files, host, durability and whatever else the site decides for each store. */
  options: FsStoreOptions;
  /** Where the world stands, for the ledger. */
  now?(): number;
  /** The files of other programs, which nothing disturbs. Paths are absolute. */
  outside: OutsideHands;
  /** Resolves when it is so, or after a while all the same: then it does not come about here. */
  until(isSo: () => boolean | Promise<boolean>): Promise<void>;
  /** The store cannot be opened, again and again: what is in the way may be taken away now. */
  relieve?(): void;
  /** A store is about to be closed. */
  beforeClose?(store: FsStore): Promise<void>;
}

/** What other programs do to files. Nothing is thrown for a file that is not there. */
export interface OutsideHands {
  write(path: string, content: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Names in a folder; none when there is no such folder. */
  list(path: string): string[];
}

/** A store that cannot be opened is tried again so often before the workload ends. */
const OPENINGS = 4;

/** See the module. */
export class World {
  readonly ledger: Ledger;
  readonly clock: FakeClock;
  /** All that were opened and not closed, the newest last. */
  readonly open: FsStore[] = [];
  private readonly all: FsStore[] = [];

  constructor(
    readonly site: Site,
    /** What the workload wants of its stores. */
    private readonly options: FsStoreOptions,
  ) {
    this.clock = site.clock;
    this.ledger = new Ledger(site.now && (() => (site.now as () => number)()));
  }

  /** The newest one. */
  get store(): FsStore {
    const store = this.open.at(-1);
    if (!store) throw new Error('No store is open.');
    return store;
  }

  /** Opens one more; a second one is a client of the first. */
  async start(): Promise<FsStore> {
    const { site } = this;
    const store = fsStore({ ...this.options, ...site.options, root: site.root, clock: site.clock });
    this.open.push(store);
    this.all.push(store);
    for (let tries = 1; ; tries++) {
      if (await this.ledger.does(this.numberOf(store), 'open', [], () => store.open())) return store;
      if (tries === OPENINGS) throw new Error('The store cannot be opened, although nothing is in the way any more.');
      if (tries === OPENINGS - 2) site.relieve?.();
    }
  }

  /** Closes the newest one, or another. */
  async close(store: FsStore = this.store): Promise<void> {
    await this.site.beforeClose?.(store);
    this.open.splice(this.open.indexOf(store), 1);
    await this.ledger.does(this.numberOf(store), 'close', [], () => store.close());
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.start();
  }

  async add(specs: JobSpec[], options?: AddOptions, store: FsStore = this.store): Promise<AddResult[]> {
    return (
      (await this.ledger.ask(this.numberOf(store), 'add', [specs, options], () => store.add(specs, options))) ?? []
    );
  }

  async claim(request: Partial<ClaimRequest> = {}, store: FsStore = this.store): Promise<ClaimedJob[]> {
    const whole: ClaimRequest = { worker: 'w1', limit: 1, wait: false, ...request };
    return (await this.ledger.ask(this.numberOf(store), 'claim', [whole], () => store.claim(whole))) ?? [];
  }

  async settle(settlements: Settlement[], store: FsStore = this.store): Promise<SettleResult[]> {
    return (
      (await this.ledger.ask(this.numberOf(store), 'settle', [settlements], () => store.settle(settlements))) ?? []
    );
  }

  async report(reports: Report[]): Promise<ReportResult[]> {
    return (await this.ledger.ask(this.numberOf(), 'report', [reports], () => this.store.report(reports))) ?? [];
  }

  async change(change: ChangeAction, target: ChangeRequest['target']): Promise<ChangeResult | undefined> {
    const request: ChangeRequest = { change, target, by: 'workload' };
    return this.ledger.ask(this.numberOf(), 'change', [request], () => this.store.change(request));
  }

  /** Takes a change back, if it was made. */
  async undo(change: ChangeResult | undefined): Promise<void> {
    if (change?.operation === undefined) return;
    const request: UndoRequest = { operation: change.operation, by: 'workload' };
    await this.ledger.ask(this.numberOf(), 'undo', [request], () => this.store.undo(request));
  }

  /** Their process died, or they left in order. */
  async takeBack(workers: string[], cause: 'released' | 'crashed'): Promise<void> {
    await this.ledger.ask(this.numberOf(), 'takeBack', [workers, cause], () => this.store.takeBack(workers, cause));
  }

  /** Sets a schedule. */
  async schedule(name: string, value: ScheduleValue): Promise<void> {
    const change: DefinitionChange = { kind: 'schedule', name, value: value as unknown as Json };
    await this.ledger.does(this.numberOf(), 'schedule', [name], () => this.store.define([change]));
  }

  async pause(paused: boolean, options?: { type?: string }): Promise<void> {
    await this.ledger.does(this.numberOf(), 'pause', [paused, options], () => this.store.pause(paused, options));
  }

  async get(ids: string[]): Promise<(Job | null)[]> {
    return (await this.ledger.ask(this.numberOf(), 'get', [ids], () => this.store.get(ids))) ?? [];
  }

  async tidy(): Promise<void> {
    await this.ledger.does(this.numberOf(), 'tidy', [], () => this.store.tidy());
  }

  /** Time of the engine passes. */
  async pass(ms: number): Promise<void> {
    await this.ledger.does(-1, 'pass', [this.clock.now() + ms], () => this.clock.advance(ms));
  }

  /** Completes what was claimed, each with a result of its own. */
  async complete(claimed: ClaimedJob[], store: FsStore = this.store): Promise<void> {
    if (claimed.length > 0) await this.settle(claimed.map(completed), store);
  }

  /** Another program drops a file into the inbox: whole, by a rename. */
  drop(name: string, content: string): void {
    const inbox = join(this.site.root, 'inbox');
    this.ledger.note(-1, 'drop', [name, content]);
    this.site.outside.write(join(inbox, `.${name}`), content);
    this.site.outside.rename(join(inbox, `.${name}`), join(inbox, name));
  }

  /** Resolves when nothing stands in the inbox any more. */
  async untilTaken(): Promise<void> {
    const inbox = join(this.site.root, 'inbox');
    await this.site.until(() => this.site.outside.list(inbox).every((name) => name.startsWith('.')));
  }

  /** Resolves when a day of the archive is compressed, and its plain file gone. */
  async untilPacked(): Promise<void> {
    const archive = join(this.site.root, 'archive');
    await this.site.until(() => {
      const names = this.site.outside.list(archive);
      return names.some((name) => name.endsWith('.gz')) && !names.some((name) => /\.\d+\.ndjson$/.test(name));
    });
  }

  /** Resolves when the job's file stands in this folder. */
  async untilShown(id: string, folder: string): Promise<void> {
    const { outside, root } = this.site;
    await this.site.until(() => outside.list(join(root, folder)).includes(`${id}.json`));
  }

  /** A person moves a job's file. */
  move(id: string, from: string, to: string): void {
    const { outside, root } = this.site;
    this.ledger.note(-1, 'hand:move', [id, from, to]);
    outside.rename(join(root, from, `${id}.json`), join(root, to, `${id}.json`));
  }

  /** A person removes a job's file. */
  remove(id: string, folder: string): void {
    this.ledger.note(-1, 'hand:remove', [id, folder]);
    this.site.outside.remove(join(this.site.root, folder, `${id}.json`));
  }

  /** Closes what is still open, the newest first. */
  async end(): Promise<void> {
    while (this.open.length > 0) await this.close();
  }

  private numberOf(store: FsStore = this.store): number {
    return this.all.indexOf(store);
  }
}

/** The settlement of an attempt that went well. */
export function completed({ job, token }: ClaimedJob): Settlement {
  return { id: job.id, token, outcome: 'completed', result: { of: job.id, attempt: job.attempt } };
}

/** The settlement of one that did not. `retryIn`: milliseconds until the next; left out: none. */
export function failed({ job, token }: ClaimedJob, retryIn?: number): Settlement {
  const error = { name: 'Error', message: `of ${job.id}` };
  return { id: job.id, token, outcome: 'failed', error, reason: 'error', ...(retryIn !== undefined && { retryIn }) };
}

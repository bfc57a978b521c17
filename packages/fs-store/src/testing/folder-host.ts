import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Clock,
  JOB_STATUSES,
  type Job,
  type JobPatch,
  type JobStatus,
  type StoreCapabilities,
} from '@leviathan/core';
import {
  DEFAULT_RETENTION,
  ENGINE_FEATURES,
  EngineStore,
  type JobHead,
  JobTable,
  noLog,
  type Retention,
  type RunHead,
} from '@leviathan/core/engine';
import { FakeClock } from '@leviathan/core/testing';
import { onTestFinished } from 'vitest';
import { type Files, nodeFiles } from '../files';
import type { HandRequests, Outcome } from '../hand-requests';
import { type ParsedJobFile, serialiseJob } from '../job-file';
import { Layout } from '../layout';
import { Quarantine } from '../quarantine';
import { FolderView, type FolderViewOptions } from '../view';
import { tempDir } from './temp-dir';

const CAPABILITIES: StoreCapabilities = {
  name: 'folders',
  persistent: false,
  durability: 'none',
  shared: false,
  ...ENGINE_FEATURES,
  audit: false,
};

const bodies = {
  read: (): string => {
    throw new Error('All bodies are in memory.');
  },
};

/** A real engine without a journal, and what a person's hand asks of it. */
export class Engine extends EngineStore implements HandRequests {
  readonly asked: string[] = [];
  /** Called before each request: throws to make it fail. */
  beforeRequest: (what: string) => void = () => {};

  constructor(clock: Clock, retention: Partial<Retention> = {}, table = new JobTable()) {
    super({
      capabilities: CAPABILITIES,
      log: noLog,
      bodies,
      retention: { ...DEFAULT_RETENTION, ...retention },
      clock,
      table,
    });
  }

  retry(id: string): Promise<Outcome> {
    return this.ask('retry', id);
  }

  cancel(id: string): Promise<Outcome> {
    return this.ask('cancel', id);
  }

  remove(id: string): Promise<Outcome> {
    return this.ask('remove', id);
  }

  async edit(id: string, patch: JobPatch): Promise<Outcome> {
    this.note(`edit ${id} ${JSON.stringify(patch)}`);
    return outcomeOf(await this.change({ change: { action: 'edit', patch }, target: { ids: [id] } }));
  }

  async adopt({ job }: ParsedJobFile, folder: JobStatus): Promise<Outcome> {
    this.note(`adopt ${job.id} ${folder}`);
    const unknown = job.dependsOn?.filter((parent) => !this.table.entries.has(parent)) ?? [];
    if (unknown.length > 0) return { ok: false, message: `there is no job ${unknown.join()}` };
    await this.committer.commit([
      { op: 'add', job: headOf(job, folder), body: JSON.stringify(job.data), ...resultOf(job, folder) },
    ]);
    return { ok: true };
  }

  private async ask(action: 'retry' | 'cancel' | 'remove', id: string): Promise<Outcome> {
    this.note(`${action} ${id}`);
    return outcomeOf(await this.change({ change: { action }, target: { ids: [id] } }));
  }

  private note(what: string): void {
    this.asked.push(what);
    this.beforeRequest(what);
  }
}

function outcomeOf(result: { changed: number; skipped: { message: string }[] }): Outcome {
  return result.changed > 0 ? { ok: true } : { ok: false, message: result.skipped[0]?.message ?? 'nothing changed' };
}

function headOf(job: Job, folder: JobStatus): JobHead {
  const { id, type, priority, maxAttempts, maxCrashes, timeout, backoff, dependsOn, key, tags } = job;
  const head: JobHead = { id, type, priority, maxAttempts, maxCrashes, created: Date.parse(job.created) };
  Object.assign(head, JSON.parse(JSON.stringify({ timeout, backoff, dependsOn, key, tags })));
  if (job.runAt !== undefined) head.runAt = Date.parse(job.runAt);
  if (folder === 'pending' || folder === 'active') return head;
  const run: RunHead = { finished: Date.parse(job.finished ?? job.updated) };
  if (folder === 'failed') run.reason = job.reason ?? 'error';
  return { ...head, status: folder, attempt: job.attempt, run };
}

function resultOf(job: Job, folder: JobStatus): { result?: string } {
  return folder === 'completed' && job.result !== undefined ? { result: JSON.stringify(job.result) } : {};
}

/** What a test of the folders begins with. */
export interface HostOptions {
  files?: Files;
  clock?: Clock;
  pendingFiles?: number;
  retention?: Partial<Retention>;
  root?: string;
  /** An index that is there already. */
  table?: JobTable;
  leftovers?: Set<string>;
  /** The program of a thread for the folders. */
  program?: URL;
  threadFrom?: number;
  durable?: () => number;
  isLeaving?: FolderViewOptions['isLeaving'];
}

/** An engine, its folders, and the eyes of a person. */
export class FolderHost<C extends Clock = FakeClock> {
  readonly layout: Layout;
  readonly engine: Engine;
  readonly view: FolderView;
  readonly errors: Error[] = [];
  readonly clock: C;

  constructor(options: HostOptions & { clock?: C } = {}) {
    this.clock = options.clock ?? (new FakeClock(Date.now()) as unknown as C);
    this.layout = new Layout(options.root ?? tempDir());
    this.layout.ensure(nodeFiles);
    // What another view had marked is nothing to this one.
    for (const entry of options.table?.entries.values() ?? []) entry.isBehind = false;
    this.engine = new Engine(this.clock, options.retention, options.table);
    const files = options.files ?? nodeFiles;
    const viewOptions: FolderViewOptions = {
      ...{ layout: this.layout, files, bodies, clock: this.clock, table: this.engine.table, requests: this.engine },
      limits: { pendingFiles: options.pendingFiles ?? 10_000 },
      quarantine: new Quarantine(this.layout, files, this.clock),
      onError: (error) => this.errors.push(error as Error),
      ...(options.leftovers && { leftovers: options.leftovers }),
      ...(options.program && { program: options.program }),
      ...(options.threadFrom !== undefined && { threadFrom: options.threadFrom }),
      ...(options.durable && { durable: options.durable }),
      ...(options.isLeaving && { isLeaving: options.isLeaving }),
    };
    this.view = new FolderView(viewOptions);
    this.engine.table.onApplied = (record, entry) => {
      if (!entry) return;
      this.view.noteRecord(record, entry.id);
      this.view.touch(entry);
    };
    onTestFinished(() => this.close());
  }

  async close(): Promise<void> {
    await this.view.stop();
    await this.engine.close();
  }

  /** Adds jobs with these ids. */
  async add(ids: string[], spec: object = {}): Promise<void> {
    await this.engine.add(ids.map((id) => ({ type: 'a', data: { of: id }, id, ...spec })));
  }

  /** Starts so many jobs; answers with what settles each. */
  async claim(limit = 1): Promise<{ id: string; token: string }[]> {
    const claimed = await this.engine.claim({ worker: 'w', limit, wait: false });
    return claimed.map(({ job, token }) => ({ id: job.id, token }));
  }

  async complete(held: { id: string; token: string }[]): Promise<void> {
    await this.engine.settle(held.map((job) => ({ ...job, outcome: 'completed', result: `of ${job.id}` })));
  }

  async fail(held: { id: string; token: string }[]): Promise<void> {
    const error = { name: 'Error', message: 'no' };
    await this.engine.settle(held.map((job) => ({ ...job, outcome: 'failed', reason: 'error', error })));
  }

  /** Lets the view find and do what a person asked for, without waiting for events. */
  async notice(this: FolderHost<FakeClock>): Promise<void> {
    await this.view.scan();
    // Longer than any patience with files that are on their way.
    await this.clock.advance(300);
    await this.view.flush();
  }

  /** Lets time pass until something is so; real I/O gets its turns. */
  async until(this: FolderHost<FakeClock>, what: string, isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!isSo()) {
      if (Date.now() > deadline)
        throw new Error(`Waited in vain until ${what}; the folders: ${this.names().join(', ')}`);
      await this.clock.advance(20);
    }
  }

  /** Lets the view write what is behind, and do what a person asked for. */
  async settle(this: FolderHost<FakeClock>, ms = 0): Promise<void> {
    await this.clock.advance(ms);
    await this.view.flush();
  }

  path(status: JobStatus, id: string): string {
    return this.layout.jobFile(status, id);
  }

  read(status: JobStatus, id: string): Job {
    return JSON.parse(readFileSync(this.path(status, id), 'utf8'));
  }

  status(id: string): JobStatus | undefined {
    return this.engine.table.entries.get(id)?.status;
  }

  /** The names in the four folders, as `folder/name`, sorted. */
  names(): string[] {
    return JOB_STATUSES.flatMap((status) =>
      readdirSync(this.layout.folder(status)).map((name) => `${status}/${name}`),
    ).sort();
  }

  /** What is in quarantine: each file with its reason's code, and codes alone for notes. */
  quarantined(): string[] {
    const names = readdirSync(this.layout.quarantine);
    return names
      .filter((name) => name.endsWith('.reason.json'))
      .map((name) => {
        const { code, from } = JSON.parse(readFileSync(join(this.layout.quarantine, name), 'utf8'));
        const isNote = !names.includes(name.slice(0, -'.reason.json'.length));
        return `${code} ${from}${isNote ? ' (note)' : ''}`;
      })
      .sort();
  }

  /** What the folders should be: each job's file, as it should read. Empty when they are. */
  async differences(): Promise<string[]> {
    const expected = new Map<string, string>();
    for (const id of this.engine.table.entries.keys()) {
      const [job] = await this.engine.get([id]);
      if (job) expected.set(`${job.status}/${id}.json`, serialiseJob(job));
    }
    const names = this.names();
    const extra = names.filter((name) => !expected.has(name)).map((name) => `too many: ${name}`);
    const wrong = [...expected].flatMap(([name, text]) => {
      const path = join(this.layout.root, name);
      if (!existsSync(path)) return [`missing: ${name}`];
      return readFileSync(path, 'utf8') === text ? [] : [`differs: ${name}`];
    });
    return [...extra, ...wrong];
  }

  /** Removes a folder's place, or puts a new one there. */
  makeFolder(status: JobStatus): void {
    mkdirSync(this.layout.folder(status), { mode: 0o700 });
  }
}

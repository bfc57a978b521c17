/**
 * Which process each worker lives in: a worker's jobs go back when its process leaves in order, or is proven dead.
 *
 * @module
 */
import type { JobTable, RecordDraft } from '@leviathan/core/engine';
import { DeathWatch } from './death-watch';
import type { Presence } from './presence';

/** What it works with. */
export interface WorkerProcessesOptions {
  table: JobTable;
  presence: Presence;
  /** This process's name among the clients. */
  instance: string;
  /** Records which process a worker lives in. Nobody waits for it. @throws StoreWriteError */
  record: (record: RecordDraft) => void;
  /** Takes back the jobs of workers whose process is dead. */
  takeBack: (workers: string[]) => Promise<unknown>;
  onError: (error: unknown) => void;
}

/** See the module. */
export class WorkerProcesses {
  private readonly deaths: DeathWatch;
  /** Workers of connected clients; all others that claim here are of this process. */
  private readonly remote = new Set<string>();

  constructor(private readonly options: WorkerProcessesOptions) {
    const { presence, takeBack, onError } = options;
    this.deaths = new DeathWatch((instance) => presence.isAlive(instance), takeBack, onError);
  }

  /** Processes that are waited for. */
  get absent(): string[] {
    return this.deaths.absent;
  }

  /** Workers of this process that hold jobs. */
  get own(): string[] {
    const { table, instance } = this.options;
    return [...table.byWorker.keys()].filter((worker) => table.workers.get(worker) === instance);
  }

  /** A worker asks for jobs. Those of clients were registered by their connection; an earlier process may have had one of the same name. */
  claims(worker: string): void {
    if (!this.remote.has(worker)) this.register(worker, this.options.instance);
  }

  /** A client is there, perhaps again, with the workers that it had. */
  welcome(instance: string, workers: string[]): void {
    for (const worker of workers) this.ofClient(instance, worker);
    this.deaths.unwatch(instance);
  }

  /** A worker of a connected client: from now on the connection tells of its end. */
  ofClient(instance: string, worker: string): void {
    this.register(worker, instance);
    this.remote.add(worker);
    this.deaths.unwatch(instance);
  }

  /** The client's connection is gone without a goodbye: its jobs go back as soon as its death is proven. */
  gone(instance: string, workers: string[]): void {
    this.left(workers);
    this.deaths.watch(instance, workers);
  }

  /** They left, in order or not. */
  left(workers: string[]): void {
    for (const worker of workers) this.remote.delete(worker);
  }

  /** Jobs of processes that are not connected: ours are held by this process itself, the others are waited for or taken back. */
  watchAbsent(): void {
    const { table, presence, instance: own } = this.options;
    const absent = new Map<string, string[]>();
    for (const worker of table.byWorker.keys()) {
      const instance = table.workers.get(worker) ?? 'unknown';
      if (instance === own) continue;
      absent.set(instance, [...(absent.get(instance) ?? []), worker]);
    }
    for (const [instance, workers] of absent) this.deaths.watch(instance, workers);
    presence.sweep();
  }

  /** A process that is gone does not claim again under its workers' names. */
  forgetDead(): void {
    const { table, presence, instance: own } = this.options;
    const alive = new Map([[own, true]]);
    for (const [worker, instance] of table.workers) {
      if (table.byWorker.has(worker)) continue;
      const lives = alive.get(instance) ?? presence.isAlive(instance);
      alive.set(instance, lives);
      if (!lives) table.workers.delete(worker);
    }
  }

  stop(): void {
    this.deaths.stop();
  }

  /** The worker lives and dies with this process. */
  private register(worker: string, instance: string): void {
    if (this.options.table.workers.get(worker) !== instance) this.options.record({ op: 'worker', worker, instance });
  }
}

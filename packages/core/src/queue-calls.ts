/**
 * The calls of a queue, on what has one.
 *
 * @module
 */
import type { QueueEventMap, QueueListener } from './events';
import type { ImportResult } from './exchange/report';
import type { BatchCallbacks, BatchHandles, FlowHandles, FlowJob, FlowNames, ListHandles } from './flow';
import type { HistoryQuery, HistoryResult } from './history';
import type { Job } from './job';
import type { JobHandle } from './job-handle';
import type { AddJobOptions, DataFor, JobInput, Processors, ResultFor, TypeIn } from './job-types';
import type { PastQueue } from './past-queue';
import type { Queue } from './queue';
import type { Schedules } from './schedules';
import type { AddOptions, ChangeResult, Explanation, JobCounts, JobPage, UndoResult } from './store';
import type { Templates } from './template/templates';
import type { Trail } from './trail';
import type { WaitOptions } from './wait';

/** See the module. */
export abstract class QueueCalls<const P extends Processors = Processors> {
  abstract readonly queue: Queue<P>;

  /** See {@link Queue.templates}. */
  get templates(): Templates {
    return this.queue.templates;
  }

  /** See {@link Queue.schedules}. */
  get schedules(): Schedules<P> {
    return this.queue.schedules;
  }

  /** See {@link Queue.limits}. */
  get limits(): Queue['limits'] {
    return this.queue.limits;
  }

  /** See {@link Queue.pools}. */
  get pools(): Queue['pools'] {
    return this.queue.pools;
  }

  /** See {@link Queue.windows}. */
  get windows(): Queue['windows'] {
    return this.queue.windows;
  }

  /** See {@link Queue.gates}. */
  get gates(): Queue['gates'] {
    return this.queue.gates;
  }

  /** See {@link Queue.add}. */
  add<T extends TypeIn<P>>(type: T, data: DataFor<P, T>, options?: AddJobOptions): Promise<JobHandle<ResultFor<P, T>>> {
    return this.queue.add(type, data, options);
  }

  /** See {@link Queue.addMany}. */
  addMany<const J extends readonly JobInput<P>[]>(jobs: J, options?: AddOptions): Promise<ListHandles<P, J>> {
    return this.queue.addMany(jobs, options);
  }

  /** See {@link Queue.addFlow}. */
  addFlow<const F extends Record<string, FlowJob<P>>>(
    jobs: F & FlowNames<F>,
    options?: AddOptions,
  ): Promise<FlowHandles<P, F>> {
    return this.queue.addFlow<F>(jobs, options);
  }

  /** See {@link Queue.addChain}. */
  addChain<const J extends readonly JobInput<P>[]>(jobs: J, options?: AddOptions): Promise<ListHandles<P, J>> {
    return this.queue.addChain(jobs, options);
  }

  /** See {@link Queue.addBatch}. */
  addBatch<const J extends readonly JobInput<P>[], const C extends BatchCallbacks<P>>(
    jobs: J,
    callbacks: C,
    options?: AddOptions,
  ): Promise<BatchHandles<P, J, C>> {
    return this.queue.addBatch(jobs, callbacks, options);
  }

  /** See {@link Queue.get}. */
  get(id: string): Promise<Job | null> {
    return this.queue.get(id);
  }

  /** See {@link Queue.list}. */
  list(...args: Parameters<Queue['list']>): Promise<JobPage> {
    return this.queue.list(...args);
  }

  /** See {@link Queue.counts}. */
  counts(): Promise<JobCounts> {
    return this.queue.counts();
  }

  /** See {@link Queue.explain}. */
  explain(id: string): Promise<Explanation | null> {
    return this.queue.explain(id);
  }

  /** See {@link Queue.history}. */
  history(query?: HistoryQuery): Promise<HistoryResult> {
    return this.queue.history(query);
  }

  /** See {@link Queue.pause}. */
  pause(...args: Parameters<Queue['pause']>): Promise<void> {
    return this.queue.pause(...args);
  }

  /** See {@link Queue.resume}. */
  resume(...args: Parameters<Queue['resume']>): Promise<void> {
    return this.queue.resume(...args);
  }

  /** See {@link Queue.cancel}. */
  cancel(...args: Parameters<Queue['cancel']>): Promise<ChangeResult> {
    return this.queue.cancel(...args);
  }

  /** See {@link Queue.retry}. */
  retry(...args: Parameters<Queue['retry']>): Promise<ChangeResult> {
    return this.queue.retry(...args);
  }

  /** See {@link Queue.remove}. */
  remove(...args: Parameters<Queue['remove']>): Promise<ChangeResult> {
    return this.queue.remove(...args);
  }

  /** See {@link Queue.approve}. */
  approve(...args: Parameters<Queue['approve']>): Promise<ChangeResult> {
    return this.queue.approve(...args);
  }

  /** See {@link Queue.reprioritise}. */
  reprioritise(...args: Parameters<Queue['reprioritise']>): Promise<ChangeResult> {
    return this.queue.reprioritise(...args);
  }

  /** See {@link Queue.move}. */
  move(...args: Parameters<Queue['move']>): Promise<ChangeResult> {
    return this.queue.move(...args);
  }

  /** See {@link Queue.redrive}. */
  redrive(...args: Parameters<Queue['redrive']>): Promise<ChangeResult> {
    return this.queue.redrive(...args);
  }

  /** See {@link Queue.edit}. */
  edit(...args: Parameters<Queue['edit']>): Promise<ChangeResult> {
    return this.queue.edit(...args);
  }

  /** See {@link Queue.export}. */
  export(...args: Parameters<Queue['export']>): AsyncGenerator<string> {
    return this.queue.export(...args);
  }

  /** See {@link Queue.import}. */
  import(...args: Parameters<Queue['import']>): Promise<ImportResult> {
    return this.queue.import(...args);
  }

  /** See {@link Queue.undo}. */
  undo(...args: Parameters<Queue['undo']>): Promise<UndoResult> {
    return this.queue.undo(...args);
  }

  /** See {@link Queue.trail}. */
  trail(id: string): Promise<Trail> {
    return this.queue.trail(id);
  }

  /** See {@link Queue.at}. */
  at(time: Date | number): PastQueue {
    return this.queue.at(time);
  }

  /** See {@link Queue.wait}. */
  wait(id: string, options?: WaitOptions): Promise<Job> {
    return this.queue.wait(id, options);
  }

  /** See {@link Queue.handle}. */
  handle<Result = unknown>(id: string): JobHandle<Result> {
    return this.queue.handle<Result>(id);
  }

  /** See {@link Queue.on}. */
  on<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.on(kind, listener);
    return this;
  }

  /** See {@link Queue.once}. */
  once<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.once(kind, listener);
    return this;
  }

  /** See {@link Queue.off}. */
  off<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.off(kind, listener);
    return this;
  }
}

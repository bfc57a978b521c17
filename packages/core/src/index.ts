/**
 * Durable background jobs: the job, the queue, the worker, and the contracts of stores and processors.
 *
 * @module
 */
export { backoffDelay, DEFAULT_BACKOFF } from './backoff';
export { type Clock, systemClock, type Timer } from './clock';
export * from './definition';
export { DefinitionSet } from './definition-set';
export type { ListenerOf } from './emitter';
export { isSafeId } from './engine/index';
export * from './errors';
export type { QueueEventMap, QueueListener } from './events';
export * from './exchange/index';
export type { BatchCallbacks, BatchHandles, FlowHandles, FlowJob, FlowNames, ListHandles } from './flow';
export * from './health';
export * from './history';
export { ISOLATION_KINDS, type Isolation, type IsolationKind } from './isolation';
export * from './job';
export { type JobCalls, JobHandle } from './job-handle';
export { JobQueueService } from './job-queue-service';
export type {
  AddJobOptions,
  DataFor,
  JobInput,
  ProcessorFor,
  Processors,
  ResultFor,
  TypeIn,
} from './job-types';
export { Leviathan, type LeviathanOptions } from './leviathan';
export type { LimitSpec, RateSpec } from './limit';
export type { Logger } from './logger';
export { MemoryStore, type MemoryStoreOptions } from './memory-store';
export type { Middleware, Next } from './middleware/middleware';
export { KILL_AFTER_MS, type ModuleRunner } from './module-runner';
export { PastQueue } from './past-queue';
export {
  definePlugin,
  type Hooks,
  type Plugin,
  type PluginManifest,
  pluginManifest,
  pluginMiddleware,
  type WithPlugins,
} from './plugin';
export { assertPlugin } from './plugin-check';
export * from './processor';
export { type ProcessorManifest, ProcessorRegistry } from './processor-registry';
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from './prometheus';
export { Queue, type QueueOptions } from './queue';
export type { ChangeOptions, ChangeTarget } from './queue-target';
export type { GateSpec, MachineProbe, MachineState, PoolSpec } from './resources';
export { isOpen, nextOpening, type TimeRange } from './schedule/open-times';
export * from './schedule/schedule';
export { scheduleOf } from './schedule/scheduled-job';
export { type ScheduleSpec, Schedules } from './schedules';
export { type HealthReport, type Service, type ServiceContext, type ServiceHealth, ServiceManager } from './service';
export type { Schedule } from './shown-schedule';
export * from './store';
export * from './template/index';
export * from './trail';
export type { WaitOptions } from './wait';
export type { WindowSpec } from './window';
export { Worker, type WorkerEvents, type WorkerOptions, type WorkerSettings } from './worker';
export { WorkerService } from './worker-service';

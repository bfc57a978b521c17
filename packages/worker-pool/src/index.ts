/**
 * Workers for jobs: threads and child processes with limits, and a hard kill.
 *
 * @module
 */
export type { PoolCapabilities } from './capabilities';
export { type WorkerPoolOptions, WorkerPoolService } from './worker-pool-service';

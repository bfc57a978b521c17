/** Names of workers. */
import { v7 } from 'uuid';

/** A name that no other worker has: sorts by the time at which the worker was made. */
export function newWorkerName(): string {
  return `worker_${v7()}`;
}

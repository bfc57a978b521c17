/** What a measured process can be told to do. */
import type { Channel } from './channel';
import { addTask } from './metrics/add';
import { bulkAddTask } from './metrics/bulk-add';
import { latencyTask } from './metrics/latency';
import { processTask } from './metrics/process';
import { workerTask } from './metrics/workers';

/** Each takes the parameters that its metric sends. */
export const tasks: Record<string, (params: never, channel: Channel) => Promise<unknown>> = {
  add: addTask,
  'bulk-add': bulkAddTask,
  process: processTask,
  latency: latencyTask,
  worker: workerTask,
};

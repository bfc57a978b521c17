/** What a measured process can be told to do. */
import type { Channel } from './channel';
import { addTask } from './metrics/add';
import { bulkAddTask } from './metrics/bulk-add';
import { claimTask } from './metrics/claim';
import { isolationTask } from './metrics/isolation';
import { latencyTask } from './metrics/latency';
import { loopDelayTask } from './metrics/loop-delay';
import { fillTask, openTask } from './metrics/open';
import { processTask } from './metrics/process';
import { sustainedTask } from './metrics/sustained';
import { transitionTask } from './metrics/transition';
import { unblockTask } from './metrics/unblock';
import { viewLagTask, viewWatchTask } from './metrics/view-lag';
import { workerAloneTask } from './metrics/worker-alone';
import { workerTask } from './metrics/workers';

/** Each takes the parameters that its metric sends. */
export const tasks: Record<string, (params: never, channel: Channel) => Promise<unknown>> = {
  add: addTask,
  'bulk-add': bulkAddTask,
  process: processTask,
  latency: latencyTask,
  worker: workerTask,
  claim: claimTask,
  fill: fillTask,
  open: openTask,
  'loop-delay': loopDelayTask,
  'view-lag': viewLagTask,
  'view-watch': viewWatchTask,
  transition: transitionTask,
  unblock: unblockTask,
  sustained: sustainedTask,
  'worker-alone': workerAloneTask,
  isolation: isolationTask,
};

/** All metrics, in the order in which they are measured and shown. */
import { add } from './add';
import { bulkAdd } from './bulk-add';
import { claim } from './claim';
import { isolation } from './isolation';
import { latency } from './latency';
import { loopDelay } from './loop-delay';
import type { Metric } from './metric';
import { memory, open } from './open';
import { process10, process100 } from './process';
import { sustained } from './sustained';
import { transition } from './transition';
import { unblock } from './unblock';
import { viewLag } from './view-lag';
import { workerAlone } from './worker-alone';
import { workers3 } from './workers';

export const metrics: Metric[] = [
  add,
  process10,
  process100,
  bulkAdd,
  latency,
  workers3,
  claim,
  open,
  memory,
  loopDelay,
  viewLag,
  transition,
  unblock,
  sustained,
  workerAlone,
  isolation,
];

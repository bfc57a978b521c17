/** All metrics, in the order in which they are measured and shown. */
import { add } from './add';
import { bulkAdd } from './bulk-add';
import { latency } from './latency';
import type { Metric } from './metric';
import { process10, process100 } from './process';
import { workers3 } from './workers';

export const metrics: Metric[] = [add, process10, process100, bulkAdd, latency, workers3];

/** All metrics, in the order in which they are measured and shown. */
import { add } from './add';
import { bulkAdd } from './bulk-add';
import type { Metric } from './metric';
import { process10, process100 } from './process';

export const metrics: Metric[] = [add, process10, process100, bulkAdd];

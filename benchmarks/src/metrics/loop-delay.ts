/**
 * `loop-delay-p99`: by how much the event loop of the program is late while a queue is drained, 100 jobs at once: what a window or a server
 * in the same process would feel.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { engineNamed } from '../engines';
import { addBefore, quiet } from '../preloaded';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan } from './metric';
import { workerFor } from './process';

const CONCURRENCY = 100;
/** Milliseconds between two looks; what is measured includes them. */
const RESOLUTION_MS = 1;

interface LoopDelayParams extends TaskParams {
  jobs: number;
  settle: number;
}

/** In the measured process. */
export async function loopDelayTask({ engine, options, jobs, settle }: LoopDelayParams): Promise<number> {
  const session = await engineNamed(engine).open(options);
  await addBefore(session, jobs);
  await quiet(session, settle);
  const { work, handled } = await workerFor(session, CONCURRENCY, jobs);
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  await work.start();
  await handled;
  await work.finish();
  delays.disable();
  await session.close();
  return Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION_MS);
}

export const loopDelay: Metric = ofLeviathan({
  name: 'loop-delay',
  series: [{ metric: 'loop-delay-p99', unit: 'ms', better: 'lower' }],
  durabilities: ['process', 'power'],
  measure: async ({ start, scale: { million, settle } }) => ({
    'loop-delay-p99': await start<number>('loop-delay', { jobs: Math.ceil(million * 0.3), settle }).result,
  }),
});

/**
 * `latency-p50`, `latency-p99`: a job is added to an idle queue with a worker; from the call of `add` to the start of the handler, in one
 * process. Before each the last job's outcome is acknowledged, and two to three milliseconds pass. The process is warm, as in the other
 * measurements: the same worker has run some thousand jobs before.
 */
import { engineNamed } from '../engines';
import { IrregularPause } from '../irregular-pause';
import { now } from '../now';
import { payload } from '../payload';
import { percentile } from '../stats';
import type { TaskParams } from '../task-params';
import { addSome } from './add';
import type { Metric, Values } from './metric';

const CONCURRENCY = 10;
const PAUSE_MS = 2;

interface LatencyParams extends TaskParams {
  samples: number;
  /** Jobs that the worker runs before. */
  warmup: number;
}

/** In the measured process. */
export async function latencyTask({ engine, options, samples, warmup }: LatencyParams): Promise<Values> {
  const session = await engineNamed(engine).open(options);
  let started: (at: number) => void = () => {};
  const work = await session.prepare({ concurrency: CONCURRENCY, onJob: () => started(now()) });
  await work.start();
  const warm = new Promise<void>((resolve) => {
    let left = warmup;
    started = () => void (--left === 0 && resolve());
  });
  await Promise.all([addSome(session, (count) => count < warmup), warm]);
  await work.idle();
  const pause = new IrregularPause();
  async function sample(n: number): Promise<number> {
    const start = new Promise<number>((resolve) => {
      started = resolve;
    });
    const called = now();
    const added = session.add(payload(n));
    const latency = (await start) - called;
    await added;
    await work.idle();
    await pause.after(PAUSE_MS);
    return latency;
  }
  const latencies: number[] = [];
  const unmeasured = Math.ceil(samples / 5);
  for (let i = 0; i < unmeasured + samples; i++) {
    const latency = await sample(i);
    if (i >= unmeasured) latencies.push(latency);
  }
  await pause.close();
  await work.finish();
  await session.close();
  return { 'latency-p50': percentile(latencies, 0.5), 'latency-p99': percentile(latencies, 0.99) };
}

export const latency: Metric = {
  name: 'latency',
  series: [
    { metric: 'latency-p50', unit: 'ms', better: 'lower' },
    { metric: 'latency-p99', unit: 'ms', better: 'lower' },
  ],
  durabilities: ['process', 'power'],
  takes: () => true,
  variants: (engine, durability) => engine.latencyVariants?.(durability) ?? [{}],
  fitted: false,
  measure: ({ start, scale: { samples, warmup } }) => start<Values>('latency', { samples, warmup }).result,
};

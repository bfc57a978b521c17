/**
 * `process-10`, `process-100`: jobs that wait are claimed, run and settled, 10 or 100 at once; from the start of the worker until the last
 * outcome is acknowledged.
 */
import { assertUnfinished } from '../check';
import { engineNamed } from '../engines';
import type { Session, Work } from '../engines/engine';
import { reportError } from '../engines/report-error';
import { now } from '../now';
import { addBefore, quiet } from '../preloaded';
import type { TaskParams } from '../task-params';
import { type Metric, rate } from './metric';

interface ProcessParams extends TaskParams {
  concurrency: number;
  jobs: number;
  warmup: number;
  settle: number;
}

/** In the measured process. */
export async function processTask(params: ProcessParams): Promise<number> {
  const { engine, options, concurrency, jobs, warmup, settle } = params;
  const session = await engineNamed(engine).open(options);
  await addBefore(session, warmup);
  await workThrough(session, concurrency, warmup);
  await addBefore(session, jobs);
  await quiet(session, settle);
  const seconds = (await workThrough(session, concurrency, jobs)) / 1000;
  await assertUnfinished(session, 0);
  await session.close();
  return jobs / seconds;
}

/** Milliseconds from the start of a worker to the acknowledgement of the last of `count` outcomes. */
async function workThrough(session: Session, concurrency: number, count: number): Promise<number> {
  const { work, handled } = await workerFor(session, concurrency, count);
  const start = now();
  await work.start();
  await handled;
  return (await work.finish()) - start;
}

/** A worker, and when it has handled `count` jobs. */
export async function workerFor(
  session: Session,
  concurrency: number,
  count: number,
): Promise<{ work: Work; handled: Promise<void> }> {
  let left = count;
  let all: () => void = () => {};
  const handled = new Promise<void>((resolve) => {
    all = resolve;
  });
  const onJob = (): void => {
    left--;
    if (left === 0) all();
    if (left < 0) reportError(new Error(`More jobs were handled than the ${count} that were added.`));
  };
  return { work: await session.prepare({ concurrency, onJob }), handled };
}

function processWith(concurrency: number): Metric {
  const name = `process-${concurrency}`;
  return {
    name,
    series: rate(name),
    durabilities: ['process', 'power'],
    takes: () => true,
    variants: (engine, durability) => engine.workVariants?.(concurrency, durability) ?? [{}],
    fitted: true,
    measure: async ({ start, scale: { jobs, warmup, settle } }) => ({
      [name]: await start<number>('process', { concurrency, jobs, warmup, settle }).result,
    }),
  };
}

export const process10 = processWith(10);
export const process100 = processWith(100);

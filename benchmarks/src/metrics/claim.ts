/**
 * `claim-1m-vs-1k`: what jobs per second are with a million waiting, divided by what they are with a thousand. As many are added as end,
 * so that the number of waiting jobs stays.
 */
import { engineNamed } from '../engines';
import { now, pause } from '../now';
import { payloads } from '../payload';
import { addBefore, quiet } from '../preloaded';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan } from './metric';

const CONCURRENCY = 100;
const FEW = 1_000;
/** Jobs are added by so many, as soon as so many ended. */
const STEP = 100;

interface ClaimParams extends TaskParams {
  waiting: number;
  seconds: number;
  settle: number;
}

/** In the measured process, which ends with the worker at work. */
export async function claimTask({ engine, options, waiting, seconds, settle }: ClaimParams): Promise<number> {
  const session = await engineNamed(engine).open(options);
  await addBefore(session, waiting);
  await quiet(session, settle);
  let handled = 0;
  let added = 0;
  let failure: unknown;
  const onJob = (): void => {
    handled++;
    if (handled - added < STEP) return;
    added += STEP;
    session.addMany(payloads(STEP, waiting + added)).catch((error: unknown) => {
      failure = error;
    });
  };
  const work = await session.prepare({ concurrency: CONCURRENCY, onJob });
  await work.start();
  // At full speed before the measurement begins.
  await pause(settle);
  const [from, before] = [now(), handled];
  await pause(seconds * 1000);
  const rate = ((handled - before) / (now() - from)) * 1000;
  if (failure !== undefined) throw failure;
  return rate;
}

export const claim: Metric = ofLeviathan({
  name: 'claim-1m-vs-1k',
  series: [
    { metric: 'claim-1m-vs-1k', unit: 'ratio', better: 'higher' },
    { metric: 'claim-1m', unit: 'jobs/s', better: 'higher' },
    { metric: 'claim-1k', unit: 'jobs/s', better: 'higher' },
  ],
  durabilities: ['process', 'power'],
  measure: async ({ start, scale: { million, seconds, settle }, fresh }) => {
    const few = await start<number>('claim', { waiting: FEW, seconds, settle }).result;
    await fresh();
    const many = await start<number>('claim', { waiting: million, seconds, settle }).result;
    return { 'claim-1m-vs-1k': many / few, 'claim-1m': many, 'claim-1k': few };
  },
});

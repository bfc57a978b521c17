/** `add`: single jobs, 100 under way at any time; jobs per second that were acknowledged. */
import { assertUnfinished } from '../check';
import { engineNamed } from '../engines';
import type { Session } from '../engines/engine';
import { now } from '../now';
import { payload } from '../payload';
import type { TaskParams } from '../task-params';
import { type Metric, rate } from './metric';

const IN_FLIGHT = 100;

interface AddParams extends TaskParams {
  seconds: number;
  warmup: number;
}

/** In the measured process. */
export async function addTask({ engine, options, seconds, warmup }: AddParams): Promise<number> {
  const session = await engineNamed(engine).open(options);
  await addSome(session, (count) => count < warmup);
  const start = now();
  const until = start + seconds * 1000;
  const added = await addSome(session, () => now() < until);
  const rate = (added / (now() - start)) * 1000;
  await assertUnfinished(session, warmup + added);
  await session.close();
  return rate;
}

/** Adds jobs, each as soon as an earlier one is acknowledged. Resolves with how many when the last is. */
export async function addSome(session: Session, more: (count: number) => boolean): Promise<number> {
  let count = 0;
  async function lane(): Promise<void> {
    while (more(count)) await session.add(payload(count++));
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return count;
}

export const add: Metric = {
  name: 'add',
  series: rate('add'),
  durabilities: ['process', 'power'],
  takes: () => true,
  variants: (engine, durability) => engine.addVariants?.(durability) ?? [{}],
  fitted: false,
  measure: async ({ start, scale: { seconds, warmup } }) => ({
    add: await start<number>('add', { seconds, warmup }).result,
  }),
};

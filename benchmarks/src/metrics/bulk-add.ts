/** `bulk-add`: calls of 1,000 jobs; the better of one, two and four calls under way. */
import { assertUnfinished } from '../check';
import { engineNamed } from '../engines';
import { now } from '../now';
import { payloads } from '../payload';
import type { TaskParams } from '../task-params';
import { combine, type Metric, rate } from './metric';

const BATCH = 1_000;

interface BulkAddParams extends TaskParams {
  seconds: number;
  warmup: number;
}

/** In the measured process. */
export async function bulkAddTask({ engine, options, seconds, warmup }: BulkAddParams): Promise<number> {
  const session = await engineNamed(engine).open(options);
  const inFlight = options.variant.inFlight ?? 1;
  let added = 0;
  async function lane(more: () => boolean): Promise<void> {
    while (more()) {
      const batch = payloads(BATCH, added);
      added += BATCH;
      await session.addMany(batch);
    }
  }
  await lane(() => added < warmup);
  const before = added;
  const start = now();
  const until = start + seconds * 1000;
  await Promise.all(Array.from({ length: inFlight }, () => lane(() => now() < until)));
  const rate = ((added - before) / (now() - start)) * 1000;
  await assertUnfinished(session, added);
  await session.close();
  return rate;
}

export const bulkAdd: Metric = {
  name: 'bulk-add',
  series: rate('bulk-add'),
  durabilities: ['process', 'power'],
  takes: () => true,
  variants: (engine, durability) =>
    combine(engine.bulkVariants?.(durability) ?? [{}], [{ inFlight: 1 }, { inFlight: 2 }, { inFlight: 4 }]),
  fitted: false,
  measure: async ({ start, scale: { seconds, warmup } }) => ({
    'bulk-add': await start<number>('bulk-add', { seconds, warmup }).result,
  }),
};

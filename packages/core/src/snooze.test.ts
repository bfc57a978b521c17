import { describe, expect, it } from 'vitest';
import { aborted, rig, task } from '../test/rig';
import { SnoozeError } from './errors';

describe('a handler that throws a SnoozeError', () => {
  it('puts off its job with a SnoozeError, also of another copy of the package, without spending an attempt', async () => {
    const foreign = Object.assign(new Error('busy'), { code: 'SNOOZE', delay: 90_000 });
    for (const error of [new SnoozeError(90_000), foreign]) {
      const starts: number[] = [];
      const busy = task('busy', () => {
        starts.push(clock.now());
        if (starts.length < 3) throw error;
      });
      const { queue, worker, clock } = rig([busy]);
      await worker.start();
      const handle = await queue.add('busy', null, { attempts: 1 });
      await clock.advance(180_000);
      const job = await handle.wait();
      expect(job).toMatchObject({ status: 'completed', attempt: 1, metadata: { retries: 0, errors: [] } });
      expect(starts.map((start) => start - (starts[0] ?? 0))).toEqual([0, 90_000, 180_000]);
    }
  });

  it('fails an attempt that timed out, whatever it is put off for', async () => {
    const late = task('late', async ({ signal }) => {
      await aborted(signal);
      throw new SnoozeError(1_000);
    });
    const { queue, worker, clock } = rig([late]);
    await worker.start();
    const handle = await queue.add('late', null, { attempts: 1, timeout: 5_000 });
    await clock.advance(5_000);
    expect(await handle.wait()).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('cannot be put off for what is no time', () => {
    for (const delay of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new SnoozeError(delay)).toThrow(RangeError);
  });
});

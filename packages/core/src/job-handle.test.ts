import { describe, expect, it } from 'vitest';
import { rig, task } from '../test/rig';
import { JobFailedError } from './errors';

describe('JobHandle', () => {
  it('gives the result, or throws why there is none', async () => {
    const divide = task('divide', ({ input }) => {
      if (input === 0) throw new RangeError('division by zero');
      return 1;
    });
    const { queue, worker } = rig([divide]);
    await worker.start();
    expect(await (await queue.add('divide', 2)).result()).toBe(1);
    const failing = await queue.add('divide', 0, { attempts: 1 });
    const error = await failing.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JobFailedError);
    expect(error).toMatchObject({
      jobId: failing.id,
      reason: 'error',
      message: expect.stringContaining('division by zero'),
    });
  });

  it('says so when a job failed without an attempt', async () => {
    const { queue } = rig([task('never', () => 1)]);
    const handle = await queue.add('never', null);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/failed \(cancelled\): no attempt was made/);
  });

  it('can be had for a job that was added elsewhere', async () => {
    const { queue, worker, memory } = rig([task('echo', ({ input }) => input)]);
    const [added] = await memory.add([{ type: 'echo', data: 'x' }]);
    const handle = queue.handle<string>(added?.id ?? '');
    expect(await handle.job()).toMatchObject({ status: 'pending' });
    await worker.start();
    expect(await handle.result()).toBe('x');
    expect(await handle.remove()).toMatchObject({ changed: 1 });
    expect(await handle.job()).toBeNull();
  });
});

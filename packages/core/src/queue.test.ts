import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deferred, rig, task } from '../test/rig';
import {
  CycleError,
  DuplicateJobError,
  JobNotFoundError,
  JobStateError,
  UnknownTypeError,
  ValidationError,
} from './errors';
import { defineProcessor } from './processor';
import { Queue } from './queue';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ file: z.string(), width: z.number().int() }),
  run: () => 'small',
});
const mail = task('mail', () => {});
const picture = { file: 'a.png', width: 100 };

describe('adding', () => {
  it('gives a handle, and keeps the options', async () => {
    const { queue, job } = rig([resize]);
    const handle = await queue.add('resize', picture, { priority: 2, attempts: 5, tags: ['x'], id: 'my-id' });
    expect(handle).toMatchObject({ id: 'my-id', added: true });
    expect(await job('my-id')).toMatchObject({
      type: 'resize',
      status: 'pending',
      data: picture,
      priority: 2,
      maxAttempts: 5,
      tags: ['x'],
    });
  });

  it('counts a delay from the time of the call', async () => {
    const { queue, clock, job } = rig([mail]);
    const { id } = await queue.add('mail', null, { delay: 60_000 });
    expect((await job(id)).runAt).toBe(new Date(clock.now() + 60_000).toISOString());
  });

  it('refuses invalid data, with the path of each fault, and writes nothing', async () => {
    const { queue, faults } = rig([resize]);
    const adding = queue.add('resize', { file: 1, width: 1.5 } as never);
    await expect(adding).rejects.toThrow(ValidationError);
    await expect(adding).rejects.toThrow(/data\.file: .*; data\.width: /);
    expect(faults.calls('add')).toEqual([]);
  });

  it('refuses an unknown type, unless it was made without processors', async () => {
    const { queue, memory } = rig([resize]);
    await expect(queue.add('mail' as never, {} as never)).rejects.toThrow(UnknownTypeError);
    await expect(new Queue({ store: memory, processors: [] }).add('mail' as never, null as never)).rejects.toThrow(
      /no processor is registered/,
    );
    expect((await new Queue({ store: memory }).add('mail', { any: 'thing' })).added).toBe(true);
  });

  it('adds many or none, with the index of what is wrong', async () => {
    const { queue } = rig([resize, mail]);
    const handles = await queue.addMany([
      { type: 'resize', data: picture },
      { type: 'mail', data: null },
    ]);
    expect(handles.map(({ added }) => added)).toEqual([true, true]);
    const adding = queue.addMany([
      { type: 'resize', data: picture },
      { type: 'resize', data: { file: 'b', width: 'x' as never } },
      { type: 'mail', data: null, options: { delay: -1 } },
    ]);
    await expect(adding).rejects.toThrow(/\[1\]\.data\.width: .*; \[2\]\.delay: /);
    expect((await queue.counts()).pending).toBe(2);
    expect(await queue.addMany([])).toEqual([]);
  });

  it('returns the job that holds the key, or throws, as asked', async () => {
    const { queue } = rig([mail]);
    const first = await queue.add('mail', 1, { key: 'once' });
    const again = await queue.add('mail', 2, { key: 'once' });
    expect(again).toMatchObject({ id: first.id, added: false });
    await expect(queue.add('mail', 3, { key: 'once', onDuplicate: 'reject' })).rejects.toThrow(DuplicateJobError);
  });

  it('passes on what the store refuses', async () => {
    const { queue } = rig([mail]);
    await expect(queue.add('mail', null, { priority: 11 })).rejects.toThrow(/priority: /);
    const cycle = queue.addMany([
      { type: 'mail', data: null, options: { id: 'a', dependsOn: ['b'] } },
      { type: 'mail', data: null, options: { id: 'b', dependsOn: ['a'] } },
    ]);
    await expect(cycle).rejects.toThrow(CycleError);
  });
});

describe('reading', () => {
  it('finds jobs, counts them and explains them', async () => {
    const { queue } = rig([mail]);
    const { id } = await queue.add('mail', null, { delay: 1_000 });
    expect(await queue.get(id)).toMatchObject({ id });
    expect(await queue.get('nothing')).toBeNull();
    expect((await queue.list({ filter: { type: 'mail' } })).jobs.map((job) => job.id)).toEqual([id]);
    expect((await queue.counts()).waiting.scheduled).toBe(1);
    expect((await queue.explain(id))?.causes).toMatchObject([{ code: 'scheduled' }, { code: 'no-worker' }]);
    expect(await queue.explain('nothing')).toBeNull();
  });
});

describe('pausing', () => {
  it('starts nothing until it is resumed', async () => {
    const { queue, worker, clock } = rig([mail]);
    await queue.pause({ type: 'mail' });
    await worker.start();
    const handle = await queue.add('mail', null);
    await clock.settle();
    expect(await handle.job()).toMatchObject({ status: 'pending' });
    await queue.resume({ type: 'mail' });
    expect(await handle.wait()).toMatchObject({ status: 'completed' });
  });
});

describe('changing jobs', () => {
  it('takes one id, several, or a filter', async () => {
    const { queue } = rig([mail]);
    const data = [1, 2, 3, 4].map((n) => ({
      type: 'mail' as const,
      data: n,
      options: { tags: [n > 2 ? 'big' : 'small'] },
    }));
    const [a, b, c] = await queue.addMany(data);
    expect(await queue.cancel(a?.id ?? '')).toMatchObject({ changed: 1 });
    expect(await queue.remove([b?.id ?? '', 'nothing'])).toMatchObject({
      matched: 2,
      changed: 1,
      skipped: [{ reason: 'not-found', count: 1 }],
    });
    expect(await queue.reprioritise({ filter: { tags: ['big'] } }, 1)).toMatchObject({ changed: 2 });
    expect(await queue.get(c?.id ?? '')).toMatchObject({ priority: 1 });
    expect(await queue.remove({ filter: {} }, { dryRun: true })).toMatchObject({ dryRun: true, changed: 3 });
    expect((await queue.list()).jobs).toHaveLength(3);
  });

  it('moves jobs in the order in which they run', async () => {
    const { queue } = rig([mail]);
    await queue.addMany(['a', 'b', 'c'].map((id) => ({ type: 'mail' as const, data: null, options: { id } })));
    await queue.move('c', { to: 'top' });
    await queue.move('b', { before: 'a' });
    const { jobs } = await queue.list({ sort: 'queue' });
    expect(jobs.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  it('throws for a single id that is not there or in the wrong state, and only then', async () => {
    const { queue, worker } = rig([mail]);
    await worker.start();
    const handle = await queue.add('mail', null);
    await handle.wait();
    await expect(queue.retry('nothing')).rejects.toThrow(JobNotFoundError);
    await expect(handle.retry()).rejects.toThrow(JobStateError);
    await expect(handle.cancel()).rejects.toThrow(JobStateError);
    expect(await queue.retry([handle.id])).toMatchObject({ changed: 0, skipped: [{ reason: 'completed' }] });
    expect(await queue.retry(handle.id, { dryRun: true })).toMatchObject({ changed: 0 });
    expect(await handle.remove()).toMatchObject({ changed: 1 });
    await expect(handle.remove()).rejects.toThrow(JobNotFoundError);
  });

  it('is no error when the job stands already as asked', async () => {
    const gate = deferred();
    const { queue, worker, clock } = rig([task('slow', () => gate.promise)]);
    await worker.start();
    const handle = await queue.add('slow', null);
    await clock.settle();
    expect(await handle.cancel()).toMatchObject({ changed: 1 });
    expect(await handle.cancel()).toMatchObject({ changed: 0, skipped: [{ reason: 'unchanged' }] });
    gate.resolve();
  });
});

describe('editing', () => {
  it("checks new data by the processor of each job's type", async () => {
    const { queue } = rig([resize, mail]);
    const [one, two] = await queue.addMany([
      { type: 'resize', data: picture },
      { type: 'mail', data: 'any' },
    ]);
    const wide = { data: { file: 'b.png', width: 200 } };
    expect(await queue.edit(one.id, wide)).toMatchObject({ changed: 1 });
    expect(await queue.get(one.id)).toMatchObject({ data: wide.data });
    const wrong = { data: { width: 'x' } };
    for (const target of [
      one.id,
      [two.id, one.id],
      { filter: {} },
      { filter: { type: ['resize'], status: 'pending' as const } },
    ]) {
      await expect(queue.edit(target, wrong)).rejects.toThrow(
        /type "resize" is not valid: data\.file: .*data\.width: /,
      );
    }
    expect(await queue.edit(two.id, wrong)).toMatchObject({ changed: 1 });
    expect(await queue.edit({ filter: { type: 'mail' } }, { data: 'other' })).toMatchObject({ changed: 1 });
    expect(await queue.get(one.id)).toMatchObject({ data: wide.data });
  });

  it('lets the store skip jobs that cannot be edited, whatever the data', async () => {
    const { queue, worker } = rig([resize]);
    await worker.start();
    const handle = await queue.add('resize', picture);
    await handle.wait();
    await queue.add('resize', picture, { delay: 60_000, tags: ['later'] });
    expect(await queue.edit({ filter: { tags: ['nobody'] } }, { data: 'odd' })).toMatchObject({ changed: 0 });
    expect(await queue.edit({ filter: { status: 'completed' } }, { data: 'odd' })).toMatchObject({ changed: 0 });
    await expect(queue.edit(handle.id, { data: 'odd' })).rejects.toThrow(JobStateError);
  });

  it('takes other fields without looking at the data, and refuses data that is no JSON', async () => {
    const { queue, faults } = rig([mail]);
    const { id } = await queue.add('mail', 1);
    expect(await queue.edit(id, { priority: 1, timeout: 5 })).toMatchObject({ changed: 1 });
    expect(faults.calls('get')).toEqual([]);
    await expect(queue.edit(id, { data: { n: 1n } as never })).rejects.toThrow(/data\.n: is not JSON/);
  });
});

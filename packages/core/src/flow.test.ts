import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { rig, task } from '../test/rig';
import type { JobHandle } from './job-handle';
import { Leviathan } from './leviathan';
import { MemoryStore } from './memory-store';
import { defineProcessor, type JobContext } from './processor';
import type { Queue } from './queue';

const fetch = defineProcessor({ type: 'fetch', input: z.object({ url: z.string() }), run: ({ input }) => input.url });
const fail = defineProcessor({
  type: 'fail',
  input: z.null(),
  defaults: { attempts: 1 },
  run: () => {
    throw new Error('no');
  },
});
const join = task('join', async ({ parents }: JobContext) =>
  (await parents()).map((job) => job?.result ?? job?.status),
);

const setUp = () => rig([fetch, fail, join]);

/** A fault, by its code and the paths of its issues. */
async function faultOf(call: Promise<unknown>): Promise<unknown> {
  const error = (await call.catch((thrown: unknown) => thrown)) as { code: string; issues?: { path: unknown[] }[] };
  return [error.code, ...(error.issues ?? []).map(({ path }) => path.join('.'))];
}

describe('addFlow', () => {
  it('adds jobs that depend on each other by names, in any order, all or none', async () => {
    const { queue, worker } = setUp();
    const handles = await queue.addFlow({
      both: { type: 'join', data: null, dependsOn: ['one', 'two'] },
      one: { type: 'fetch', data: { url: 'a' } },
      two: { type: 'fetch', data: { url: 'b' }, dependsOn: ['one'], options: { id: 'own-id', priority: 1 } },
    });
    expectTypeOf(handles.one).toEqualTypeOf<JobHandle<string>>();
    expect((await handles.both.job())?.dependsOn).toEqual([handles.one.id, 'own-id']);
    expect((await queue.counts()).waiting).toMatchObject({ ready: 1, blocked: 2 });
    await worker.start();
    expect(await handles.both.result()).toEqual(['a', 'b']);
    expect(await handles.two.result()).toBe('b');
  });

  it('may depend on jobs that were there, by their ids, and on those that hold a key', async () => {
    const { queue } = setUp();
    await queue.add('fetch', { url: 'x' }, { id: 'before' });
    await queue.add('fetch', { url: 'y' }, { id: 'holder', key: 'k' });
    const { last, middle } = await queue.addFlow({
      middle: { type: 'fetch', data: { url: 'y' }, options: { key: 'k' } },
      last: { type: 'join', data: null, dependsOn: ['middle'], options: { dependsOn: ['before'] } },
    });
    expect([middle.id, middle.added]).toEqual(['holder', false]);
    expect((await last.job())?.dependsOn).toEqual(['holder', 'before']);
  });

  it('tells faults by the names', async () => {
    const { queue } = setUp();
    const good = { type: 'fetch', data: { url: 'a' } } as const;
    const open = queue as unknown as Queue;
    const flows: [Record<string, object>, unknown][] = [
      [{ a: good, b: { ...good, dependsOn: ['c', 'a'] } }, ['INVALID', 'b.dependsOn.0']],
      [{ a: good, b: { ...good, data: { url: 7 } } }, ['INVALID', 'b.data.url']],
      [{ alone: { ...good, data: { url: 7 } } }, ['INVALID', 'alone.data.url']],
      [{ a: good, b: { ...good, options: { priority: 11 } } }, ['INVALID', 'b.priority']],
      [{ a: good, b: { ...good, options: { dependsOn: ['nobody'] } } }, ['INVALID', 'b.dependsOn.0']],
      [{ a: { ...good, dependsOn: ['b'] }, b: { ...good, dependsOn: ['a'] } }, ['CYCLE']],
      [{ a: { type: 'nothing', data: null } }, ['UNKNOWN_TYPE']],
    ];
    for (const [flow, fault] of flows)
      expect(await faultOf(open.addFlow(flow as never)), JSON.stringify(flow)).toEqual(fault);
    const cycle = open.addFlow({ a: { ...good, dependsOn: ['b'] }, b: { ...good, dependsOn: ['a'] } });
    await expect(cycle).rejects.toThrow(/: (a -> b -> a|b -> a -> b)\./);
    expect((await queue.counts()).pending).toBe(0);
  });

  it('of no jobs is nothing', async () => {
    expect(await setUp().queue.addFlow({})).toEqual({});
  });
});

describe('addChain', () => {
  it('adds jobs that run one after the other', async () => {
    const { queue, worker } = setUp();
    const [first, , last] = await queue.addChain([
      { type: 'fetch', data: { url: 'a' } },
      { type: 'join', data: null },
      { type: 'join', data: null },
    ]);
    expectTypeOf(first).toEqualTypeOf<JobHandle<string>>();
    expect((await queue.counts()).waiting).toMatchObject({ ready: 1, blocked: 2 });
    await worker.start();
    expect(await last.result()).toEqual([['a']]);
  });

  it('tells faults by the places', async () => {
    const { queue } = setUp();
    const bad = { type: 'fetch', data: { url: 7 } } as never;
    expect(await faultOf(queue.addChain([{ type: 'join', data: null }, bad]))).toEqual(['INVALID', '1.data.url']);
  });
});

describe('addBatch', () => {
  const callbacks = {
    onSuccess: { type: 'join', data: 's' },
    onCompletion: { type: 'join', data: 'c' },
    onFailure: { type: 'join', data: 'f' },
  } as const;

  it('runs what follows when all have completed', async () => {
    const { queue, worker } = setUp();
    const batch = await queue.addBatch(
      ['a', 'b'].map((url) => ({ type: 'fetch', data: { url } }) as const),
      callbacks,
    );
    await worker.start();
    expect(await batch.onSuccess.result()).toEqual(['a', 'b']);
    expect(await batch.onCompletion.result()).toEqual(['a', 'b']);
    expect(await batch.onFailure.wait()).toMatchObject({ status: 'completed', skipped: true, attempt: 0 });
    expect(batch.jobs.map(({ added }) => added)).toEqual([true, true]);
  });

  it('runs what follows when one of them failed, once, though it be retried', async () => {
    const { queue, worker, clock } = setUp();
    const batch = await queue.addBatch(
      [
        { type: 'fail', data: null },
        { type: 'fetch', data: { url: 'a' } },
      ],
      callbacks,
    );
    await worker.start();
    expect(await batch.onFailure.result()).toEqual(['failed', 'a']);
    expect(await batch.onCompletion.result()).toEqual(['failed', 'a']);
    expect(await batch.onSuccess.wait()).toMatchObject({ status: 'completed', skipped: true });
    await batch.jobs[0].retry();
    await clock.settle();
    expect(await batch.onFailure.job()).toMatchObject({ attempt: 1, status: 'completed' });
  });

  it('may have one of them only, and tells faults by places and names', async () => {
    const { queue } = setUp();
    const one = { type: 'fetch', data: { url: 'a' } } as const;
    const bad = { type: 'fetch', data: { url: 7 } } as never;
    const batch = await queue.addBatch([one], { onFailure: { type: 'join', data: null } });
    expectTypeOf(batch).not.toHaveProperty('onSuccess');
    expect(Object.keys(batch).sort()).toEqual(['jobs', 'onFailure']);
    expect(await faultOf(queue.addBatch([one, bad], callbacks))).toEqual(['INVALID', '1.data.url']);
    expect(await faultOf(queue.addBatch([one], { onFailure: bad }))).toEqual(['INVALID', 'onFailure.data.url']);
    expect(await faultOf(queue.addBatch([], callbacks))).toEqual(['INVALID', 'jobs']);
  });
});

describe('Leviathan', () => {
  it('has the same calls', async () => {
    const leviathan = new Leviathan({ store: new MemoryStore(), processors: [fetch, join] });
    const job = { type: 'fetch', data: { url: 'a' } } as const;
    const after = { type: 'join', data: null } as const;
    const { end } = await leviathan.addFlow({ start: job, end: { ...after, dependsOn: ['start'] } });
    const [, second] = await leviathan.addChain([job, after]);
    const { onSuccess } = await leviathan.addBatch([job], { onSuccess: after });
    await leviathan.start();
    for (const handle of [end, second, onSuccess]) expect(await handle.result()).toEqual(['a']);
    await leviathan.stop();
  });

  it('knows the names of a flow', () => {
    const leviathan = new Leviathan({ store: new MemoryStore(), processors: [fetch, join] });
    const check = () =>
      leviathan.addFlow({
        start: { type: 'fetch', data: { url: 'a' } },
        // @ts-expect-error there is no such job in the flow
        end: { type: 'join', data: null, dependsOn: ['strat'] },
      });
    expect(check).toBeTypeOf('function');
  });
});

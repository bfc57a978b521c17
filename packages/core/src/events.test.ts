import { describe, expect, it } from 'vitest';
import { rig, task } from '../test/rig';
import { StoreClosedError, StoreError } from './errors';
import { Queue } from './queue';
import type { StoreEvent } from './store';

const echo = task('echo', ({ input }) => input);

/** A rig and a second queue on its store, whose subscriptions are counted. */
function listening() {
  const parts = rig([echo]);
  const queue = new Queue({ store: parts.faults.store, clock: parts.clock });
  const before = parts.faults.calls('subscribe').length;
  const open = new Set<unknown>();
  const subscribe = parts.memory.subscribe.bind(parts.memory);
  parts.memory.subscribe = async (options, listener) => {
    const subscription = await subscribe(options, listener);
    open.add(subscription);
    return {
      seq: subscription.seq,
      close: () => {
        open.delete(subscription);
        return subscription.close();
      },
    };
  };
  return { ...parts, queue, open, subscribed: () => parts.faults.calls('subscribe').length - before };
}

describe('events of a queue', () => {
  it('tell the life of a job in order, by kind and all together', async () => {
    const { queue, worker } = listening();
    const seen: string[] = [];
    queue.on('started', (event) => seen.push(`on ${event.kind}`));
    queue.on('completed', (event) => seen.push(`on ${event.kind}`));
    queue.on('event', (event) => seen.push(event.kind));
    await worker.start();
    await (await queue.add('echo', 1)).wait();
    expect(seen).toEqual(['added', 'on started', 'started', 'on completed', 'completed', 'drained']);
  });

  it('subscribe with the first listener and unsubscribe with the last', async () => {
    const { queue, clock, open, subscribed } = listening();
    const listener = (): void => {};
    queue.on('error', listener);
    await clock.settle();
    expect(subscribed()).toBe(0);
    queue.on('added', listener).on('failed', listener);
    await clock.settle();
    expect({ subscribed: subscribed(), open: open.size }).toEqual({ subscribed: 1, open: 1 });
    queue.off('added', listener);
    await clock.settle();
    expect(open.size).toBe(1);
    queue.off('failed', listener);
    await clock.settle();
    expect(open.size).toBe(0);
    queue.once('added', listener);
    await queue.add('echo', 1);
    await clock.settle();
    expect({ subscribed: subscribed(), open: open.size }).toEqual({ subscribed: 2, open: 0 });
  });

  it('reach a listener that was added just before', async () => {
    const { queue } = listening();
    const added = new Promise<StoreEvent>((resolve) => queue.once('added', resolve));
    const handle = await queue.add('echo', 1);
    expect(await added).toMatchObject({ id: handle.id, status: 'pending' });
  });

  it('are told once when listeners come and go quickly', async () => {
    const { queue, clock, open } = listening();
    let count = 0;
    const listener = (): void => void count++;
    for (let i = 0; i < 5; i++) queue.on('added', listener).off('added', listener);
    queue.on('added', listener);
    await queue.add('echo', 1);
    await clock.settle();
    expect({ count, open: open.size }).toEqual({ count: 1, open: 1 });
  });

  it('are told once even while an older subscription takes its time to end', async () => {
    const { queue, clock, memory } = listening();
    const subscribe = memory.subscribe.bind(memory);
    memory.subscribe = async (options, listener) => ({
      ...(await subscribe(options, listener)),
      close: async () => {},
    });
    let count = 0;
    const listener = (): void => void count++;
    queue.on('added', listener);
    await clock.settle();
    queue.off('added', listener).on('added', listener);
    await queue.add('echo', 1);
    await clock.settle();
    expect(count).toBe(1);
  });

  it('survive listeners that throw or reject', async () => {
    const { queue, worker } = listening();
    const errors: unknown[] = [];
    const seen: string[] = [];
    queue.on('error', (error) => errors.push(error));
    queue.on('error', () => {
      throw new Error('even here');
    });
    queue.on('completed', () => {
      throw new Error('thrown');
    });
    queue.on('completed', () => Promise.reject(new Error('rejected')));
    queue.on('completed', ({ kind }) => seen.push(kind));
    await worker.start();
    const handle = await queue.add('echo', 1);
    expect(await handle.wait()).toMatchObject({ status: 'completed' });
    expect(seen).toEqual(['completed']);
    expect(errors.map(String)).toEqual(['Error: thrown', 'Error: rejected']);
  });

  it('report a store that cannot be listened to, and try again while somebody listens', async () => {
    const { queue, faults, clock, subscribed } = listening();
    const errors: unknown[] = [];
    const seen: string[] = [];
    faults.fail('subscribe', new StoreError('BROKEN', 'no events'), 2);
    queue.on('error', (error) => errors.push(error));
    queue.on('added', ({ kind }) => seen.push(kind));
    await clock.advance(1_000);
    expect(errors.map(String)).toEqual(['StoreError: no events', 'StoreError: no events']);
    await clock.advance(1_000);
    await queue.add('echo', 1);
    await clock.settle();
    expect(seen).toEqual(['added']);
    faults.fail('subscribe', new StoreClosedError());
    await queue.close();
    expect(subscribed()).toBe(3);
  });

  it('do not try again when the store is closed', async () => {
    const { queue, faults, clock, subscribed } = listening();
    const errors: unknown[] = [];
    faults.fail('subscribe', new StoreClosedError());
    queue.on('error', (error) => errors.push(error)).on('added', () => {});
    await clock.advance(10_000);
    expect(errors).toEqual([expect.any(StoreClosedError)]);
    expect(subscribed()).toBe(1);
  });

  it('end with the queue', async () => {
    const { queue, clock, open, memory } = listening();
    const seen: string[] = [];
    queue.on('event', ({ kind }) => seen.push(kind));
    await clock.settle();
    await queue.close();
    await memory.add([{ type: 'echo', data: 1 }]);
    queue.on('event', ({ kind }) => seen.push(kind));
    await clock.settle();
    expect({ seen, open: open.size }).toEqual({ seen: [], open: 0 });
  });
});

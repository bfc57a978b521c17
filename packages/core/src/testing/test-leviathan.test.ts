import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineProcessor } from '../processor';
import { testLeviathan } from './test-leviathan';

const order: string[] = [];

const note = defineProcessor({
  type: 'note',
  input: z.object({ text: z.string() }),
  run: ({ input }) => {
    order.push(input.text);
    return input.text.length;
  },
});

const failing = defineProcessor({
  type: 'failing',
  input: z.null(),
  run: () => {
    throw new Error('always');
  },
});

const endless = defineProcessor({ type: 'endless', input: z.null(), run: () => new Promise<void>(() => {}) });

describe('testLeviathan', () => {
  it('drains: runs everything, whenever it is due', async () => {
    order.length = 0;
    await using leviathan = testLeviathan({ processors: [note, failing] });
    const start = leviathan.clock.now();
    const late = await leviathan.add('note', { text: 'in a week' }, { delay: 7 * 24 * 3_600_000 });
    const child = await leviathan.add('note', { text: 'child' }, { dependsOn: [late.id] });
    const soon = await leviathan.add('note', { text: 'soon' }, { delay: 1_000 });
    await leviathan.add('note', { text: 'now' });
    const failed = await leviathan.add('failing', null, { attempts: 10 });
    await leviathan.drain({ limit: 8 * 24 * 3_600_000 });
    expect(order).toEqual(['now', 'soon', 'in a week', 'child']);
    expect(await soon.result()).toBe(4);
    expect(await child.result()).toBe(5);
    expect(await failed.job()).toMatchObject({ status: 'failed', attempt: 10, metadata: { retries: 9 } });
    expect(leviathan.clock.now()).toBe(start + 7 * 24 * 3_600_000);
    expect(await leviathan.counts()).toMatchObject({ pending: 0, active: 0, completed: 4, failed: 1 });
  });

  it('has nothing to do when there is no job', async () => {
    await using leviathan = testLeviathan({ processors: [note] });
    await leviathan.drain();
    expect(leviathan.worker?.running).toBe(0);
  });

  it('may be drained again and again', async () => {
    await using leviathan = testLeviathan({ processors: [note] });
    for (const text of ['one', 'two', 'three']) {
      const handle = await leviathan.add('note', { text });
      await leviathan.drain();
      expect(await handle.result()).toBe(text.length);
    }
  });

  it('can be looked at in between', async () => {
    await using leviathan = testLeviathan({ processors: [note] });
    await leviathan.start();
    const handle = await leviathan.add('note', { text: 'later' }, { delay: 60_000 });
    await leviathan.clock.advance(59_999);
    expect((await leviathan.counts()).waiting.scheduled).toBe(1);
    await leviathan.clock.advance(1);
    expect((await handle.wait()).status).toBe('completed');
  });

  it('says why the queue does not run dry when a job is paused or blocked', async () => {
    await using leviathan = testLeviathan({ processors: [note, failing] });
    await leviathan.pause({ type: 'note' });
    const paused = await leviathan.add('note', { text: 'paused' });
    await expect(leviathan.drain()).rejects.toThrow(`${paused.id} (note): Jobs of type note are paused.`);
    await leviathan.resume({ type: 'note' });
    await leviathan.drain();

    const parent = await leviathan.add('failing', null, { attempts: 1 });
    const child = await leviathan.add('note', { text: 'child' }, { dependsOn: [parent.id] });
    await expect(leviathan.drain()).rejects.toThrow(`${child.id} (note): It waits for ${parent.id} (failed).`);
  });

  it('gives up at the limit', async () => {
    await using leviathan = testLeviathan({ processors: [note] });
    const handle = await leviathan.add('note', { text: 'far' }, { delay: 10_000 });
    await expect(leviathan.drain({ limit: 9_999 })).rejects.toThrow(
      '9999 ms have passed on the clock, and 1 job is left',
    );
    await leviathan.drain({ limit: 10_000 });
    expect(await handle.result()).toBe(3);
  });

  it('gives up on a handler that never ends, and stops all the same', async () => {
    const leviathan = testLeviathan({ processors: [endless] });
    const handle = await leviathan.add('endless', null);
    await expect(leviathan.drain({ quiet: 20 })).rejects.toThrow(
      /does not run dry: nothing happened for 320 ms.*\n.*has been running it/,
    );
    const released = new Promise<string | undefined>((resolve) => {
      void leviathan.store.subscribe({ ids: [handle.id], kinds: ['released'] }, ([event]) => resolve(event?.id));
    });
    await leviathan.stop();
    expect(await released).toBe(handle.id);
  });

  it('stops before it was ever started', async () => {
    const leviathan = testLeviathan({ processors: [note] });
    await leviathan.add('note', { text: 'never run' });
    await leviathan.stop();
    await expect(leviathan.counts()).rejects.toThrow('closed');
  });
});

import { defineProcessor, Leviathan, MemoryStore } from '@leviathan/core';
import { expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { openTelemetry } from '../src/index';
import { type Point, sdk } from './sdk';

async function started() {
  const { tracerProvider, meterProvider, collect } = sdk();
  const store = new MemoryStore();
  const plugin = await openTelemetry({ tracerProvider, meterProvider });
  const check = defineProcessor({
    type: 'check',
    input: z.object({ ok: z.boolean() }),
    run: ({ input: { ok } }) => {
      if (!ok) throw new RangeError('no');
    },
  });
  const leviathan = new Leviathan({ store, processors: [check], plugins: [plugin] });
  onTestFinished(() => leviathan.stop());
  await leviathan.start();
  return { leviathan, collect, store };
}

/** The value of the point with these attributes among others. */
function valueIn(points: Point[] | undefined, attributes: Record<string, unknown>): unknown {
  return points?.find((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
    ?.value;
}

it('counts what is added and run, and measures how long jobs wait and run', async () => {
  const { leviathan, collect } = await started();
  await (await leviathan.add('check', { ok: true })).wait();
  await (await leviathan.add('check', { ok: true })).wait();
  await (await leviathan.add('check', { ok: false }, { attempts: 1 })).wait();
  const metrics = await collect();
  const of = { 'messaging.system': 'leviathan', 'messaging.destination.name': 'check' };
  expect(valueIn(metrics.get('messaging.client.sent.messages'), of)).toBe(3);
  expect(valueIn(metrics.get('messaging.client.consumed.messages'), of)).toBe(3);
  expect(valueIn(metrics.get('messaging.client.operation.duration'), of)).toMatchObject({ count: 3 });
  const durations = metrics.get('messaging.process.duration');
  expect(valueIn(durations, { ...of, 'error.type': undefined })).toMatchObject({ count: 2 });
  expect(valueIn(durations, { ...of, 'error.type': 'RangeError' })).toMatchObject({ count: 1 });
  expect(valueIn(metrics.get('leviathan.job.wait.duration'), of)).toMatchObject({ count: 3 });
  expect(valueIn(metrics.get('leviathan.job.active'), of)).toBe(0);
});

it('tells how many jobs there are, until the program stops', async () => {
  const { leviathan, collect, store } = await started();
  await leviathan.pause();
  await leviathan.add('check', { ok: true });
  const jobs = (await collect()).get('leviathan.jobs');
  const of = (status: string) => ({ 'messaging.destination.name': 'check', 'leviathan.job.status': status });
  expect(['pending', 'completed'].map((status) => valueIn(jobs, of(status)))).toEqual([1, 0]);
  const counts = vi.spyOn(store, 'counts');
  await collect();
  expect(counts).toHaveBeenCalledTimes(1);
  await leviathan.stop();
  // The SDK goes on telling the last values; a store that is closed is not asked for others.
  await collect();
  expect(counts).toHaveBeenCalledTimes(1);
});

/**
 * `open-clean-1m`, `open-killed-1m`: seconds until a store with a million waiting jobs is open and its first claim is answered, after it was
 * closed in order, and after the process that added them was killed at once after the last acknowledgement.
 *
 * `rss-1m`, `rss-1m-fresh`, `rss-1m-opened`: resident memory of a process with a million waiting jobs of one kilobyte, a minute and some
 * seconds after it added them, and some seconds after it opened them. No garbage collection is forced: an idle V8 makes one, half a minute or so
 * after the work.
 */
import { join } from 'node:path';
import { fsStore } from '@leviathan/fs-store';
import type { Channel } from '../channel';
import { engineNamed } from '../engines';
import { now, pause } from '../now';
import { largePayload, payload } from '../payload';
import { addBefore } from '../preloaded';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan } from './metric';

/** What goes on in the background ends before memory is read: five seconds, with a `settle` of one. */
const SOON = 5;
/** The rest of a minute. */
const LATER = 55;
const MEGABYTE = 1e6;

interface FillParams extends TaskParams {
  jobs: number;
  large: boolean;
  settle: number;
  /** Wait to be killed when all are added. */
  die: boolean;
}

/** Resident memory, in megabytes. */
interface Filled {
  soon: number;
  later: number;
}

/** Adds jobs. */
export async function fillTask(params: FillParams, channel: Channel): Promise<Filled> {
  const { engine, options, jobs, large, settle, die } = params;
  const session = await engineNamed(engine).open(options);
  await addBefore(session, jobs, large ? largePayload : payload);
  if (die) {
    await channel.send({ added: jobs });
    await channel.receive();
  }
  const soon = large ? await memoryAfter(SOON * settle) : 0;
  const later = large ? await memoryAfter(LATER * settle) : 0;
  await session.close();
  return { soon, later };
}

interface Opened {
  seconds: number;
  /** Megabytes. */
  rss: number;
}

/** Opens what is there. */
export async function openTask({ options, large, settle }: FillParams): Promise<Opened> {
  const store = fsStore({ root: join(options.folder, 'jobs'), durability: options.durability });
  const start = now();
  await store.open();
  const claimed = await store.claim({ worker: 'benchmark', limit: 1, wait: false });
  const seconds = (now() - start) / 1000;
  if (claimed.length !== 1) throw new Error('There was no job to claim.');
  const rss = large ? await memoryAfter(SOON * settle) : 0;
  await store.close();
  return { seconds, rss };
}

async function memoryAfter(ms: number): Promise<number> {
  await pause(ms);
  return process.memoryUsage.rss() / MEGABYTE;
}

export const open: Metric = ofLeviathan({
  name: 'open-1m',
  series: [
    { metric: 'open-clean-1m', unit: 's', better: 'lower' },
    { metric: 'open-killed-1m', unit: 's', better: 'lower' },
  ],
  durabilities: ['power'],
  measure: async ({ start, scale: { million }, fresh }) => {
    await start<Filled>('fill', { jobs: million, large: false, die: false }).result;
    const clean = await start<Opened>('open', { large: false }).result;
    await fresh();
    const filling = start<Filled>('fill', { jobs: million, large: false, die: true });
    await filling.receive();
    await filling.kill();
    const killed = await start<Opened>('open', { large: false }).result;
    return { 'open-clean-1m': clean.seconds, 'open-killed-1m': killed.seconds };
  },
});

export const memory: Metric = ofLeviathan({
  name: 'rss-1m',
  series: [
    { metric: 'rss-1m', unit: 'MB', better: 'lower' },
    { metric: 'rss-1m-fresh', unit: 'MB', better: 'lower' },
    { metric: 'rss-1m-opened', unit: 'MB', better: 'lower' },
  ],
  durabilities: ['power'],
  measure: async ({ start, scale: { million, settle } }) => {
    const { soon, later } = await start<Filled>('fill', { jobs: million, large: true, settle, die: false }).result;
    const opened = await start<Opened>('open', { large: true, settle }).result;
    return { 'rss-1m': later, 'rss-1m-fresh': soon, 'rss-1m-opened': opened.rss };
  },
});

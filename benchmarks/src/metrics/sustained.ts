/**
 * `sustained`: jobs are added and run at full speed for more than 30 seconds with everything at its default, so that the folders, retention
 * and the archive are part of it. `catch-up`: seconds from the last outcome until nothing of it is left to do: the folders show what is,
 * and all that is past its retention is in the archive.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { defineProcessor, Leviathan } from '@leviathan/core';
import { fsStore } from '@leviathan/fs-store';
import { passThrough } from '../engines/leviathan';
import { Outcomes } from '../engines/outcomes';
import { reportError } from '../engines/report-error';
import { now, pause } from '../now';
import { payloads } from '../payload';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan, type Values } from './metric';

const CONCURRENCY = 100;
const BATCH = 1_000;
/** Jobs that wait at most. */
const WAITING = 10_000;
/** Completed jobs that stay by default: docs/guides/files.md, "What stays how long". */
const KEPT = 10_000;
/** How many times as long as a throughput measurement it takes: 36 seconds. */
const TIMES = 12;
const PATIENCE_MS = 180_000;

interface SustainedParams extends TaskParams {
  seconds: number;
}

/** In the measured process. */
export async function sustainedTask({ options, seconds }: SustainedParams): Promise<Values> {
  const root = join(options.folder, 'jobs');
  const outcomes = new Outcomes();
  const store = fsStore({ root, durability: options.durability });
  const settle = store.settle.bind(store);
  let ended = 0;
  let last = 0;
  store.settle = async (settlements) => {
    const results = await settle(settlements);
    ended += settlements.length;
    last = now();
    outcomes.acknowledged(settlements.length);
    return results;
  };
  const mail = defineProcessor({ type: 'mail', input: passThrough, run: async () => outcomes.handled() });
  const leviathan = new Leviathan({ store, processors: [mail], worker: { concurrency: CONCURRENCY } });
  leviathan.worker?.on('error', reportError);
  await leviathan.start();
  const start = now();
  let added = 0;
  while (now() - start < seconds * 1000) {
    if (added - ended > WAITING) await pause(1);
    else added += (await leviathan.addMany(payloads(BATCH, added).map((data) => ({ type: 'mail', data })))).length;
  }
  while (ended < added) await pause(1);
  const rate = (ended / (last - start)) * 1000;
  while (!(await isCaughtUp(leviathan, root))) {
    if (now() - last > PATIENCE_MS) throw new Error(`The folders were not caught up after ${PATIENCE_MS / 1000} s.`);
    await pause(20);
  }
  const caughtUp = (now() - last) / 1000;
  await leviathan.stop();
  const kept = (await readdir(join(root, 'completed'))).length;
  const archived = await archivedJobs(join(root, 'archive'));
  if (kept + archived !== added) {
    throw new Error(`${added} jobs ended; completed/ has ${kept} of them and archive/ ${archived}.`);
  }
  return { sustained: rate, 'catch-up': caughtUp };
}

async function isCaughtUp(leviathan: Pick<Leviathan, 'counts'>, root: string): Promise<boolean> {
  const { pending, active, completed } = await leviathan.counts();
  if (pending + active > 0 || completed > KEPT) return false;
  const files = async (folder: string): Promise<number> => (await readdir(join(root, folder))).length;
  return (await files('pending')) + (await files('active')) === 0 && (await files('completed')) === completed;
}

/** Jobs in the archive: lines, in plain and in compressed files. */
async function archivedJobs(folder: string): Promise<number> {
  let lines = 0;
  for (const name of await readdir(folder)) {
    const file = createReadStream(join(folder, name));
    const text = name.endsWith('.gz') ? file.pipe(createGunzip()) : file;
    for await (const chunk of text) for (const byte of chunk as Buffer) if (byte === 10) lines++;
  }
  return lines;
}

export const sustained: Metric = ofLeviathan({
  name: 'sustained',
  series: [
    { metric: 'sustained', unit: 'jobs/s', better: 'higher' },
    { metric: 'catch-up', unit: 's', better: 'lower' },
  ],
  durabilities: ['process', 'power'],
  measure: ({ start, scale: { seconds } }) => start<Values>('sustained', { seconds: seconds * TIMES }).result,
});

/**
 * `view-lag-p99`: 1,000 jobs a second are added and run; from the acknowledgement of each add and each outcome to the moment at which the
 * job's file stands in the folder of that state, or of a later one, as another process sees it. A job that left for the archive before its
 * file ever stood there counts as late until the end.
 */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defineProcessor, JOB_STATUSES, Leviathan } from '@leviathan/core';
import type { Channel } from '../channel';
import { passThrough, watchedStore } from '../engines/leviathan';
import { reportError } from '../engines/report-error';
import { now, pause } from '../now';
import { pace } from '../pace';
import { payload } from '../payload';
import { percentile } from '../stats';
import type { TaskParams } from '../task-params';
import { type Metric, ofLeviathan, type Values } from './metric';

const JOBS_PER_SECOND = 1_000;
/** How many times as long as a throughput measurement it takes: 20 seconds. */
const TIMES = 20 / 3;
/** Time for the folders to show the last jobs: two seconds. */
const LAST = 2;
const RESOLUTION_MS = 1;

/** When something was acknowledged, or seen, by job. */
type Times = Record<string, number>;

interface Acknowledged {
  added: Times;
  ended: Times;
}

interface Seen {
  /** In any folder. */
  added: Times;
  /** In `completed` or `failed`. */
  ended: Times;
  /** By how much the watcher itself was late: the resolution of all this. */
  late: number;
  /** When the watching ended. */
  until: number;
}

interface RunParams extends TaskParams {
  seconds: number;
  settle: number;
}

/** The program with the queue. */
export async function viewLagTask({ options, seconds, settle }: RunParams, channel: Channel): Promise<Acknowledged> {
  const acknowledged: Acknowledged = { added: {}, ended: {} };
  const root = join(options.folder, 'jobs');
  const store = watchedStore({ root, durability: options.durability }, (settlements) => {
    const at = now();
    for (const { id } of settlements) acknowledged.ended[id] = at;
  });
  const mail = defineProcessor({ type: 'mail', input: passThrough, run: async () => {} });
  const leviathan = new Leviathan({ store, processors: [mail] });
  leviathan.worker?.on('error', reportError);
  await leviathan.start();
  await channel.send({ ready: true });
  await channel.receive();
  const adds: Promise<void>[] = [];
  const addOne = async (n: number): Promise<void> => {
    const { id } = await leviathan.add('mail', payload(n));
    acknowledged.added[id] = now();
  };
  await pace(JOBS_PER_SECOND, seconds * 1000, (n) => adds.push(addOne(n)));
  await Promise.all(adds);
  await pause(LAST * settle);
  await leviathan.stop();
  return acknowledged;
}

/** The program that looks at the folders: told by the kernel that something changed there, it looks whether the file stands there. */
export async function viewWatchTask({ options }: TaskParams, channel: Channel): Promise<Seen> {
  preferThisProcess();
  const seen: Seen = { added: {}, ended: {}, late: 0, until: 0 };
  const watchers: FSWatcher[] = JOB_STATUSES.map((status) => {
    const folder = join(options.folder, 'jobs', status);
    const isEnd = status === 'completed' || status === 'failed';
    return watch(folder, (_, name) => {
      if (name === null || !name.endsWith('.json')) return;
      const id = name.slice(0, -'.json'.length);
      const known = isEnd ? seen.ended[id] !== undefined : seen.added[id] !== undefined;
      if (known || !existsSync(join(folder, name))) return;
      const at = now();
      seen.added[id] ??= at;
      if (isEnd) seen.ended[id] ??= at;
    });
  });
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  await channel.send({ ready: true });
  await channel.receive();
  delays.disable();
  seen.until = now();
  for (const watcher of watchers) watcher.close();
  seen.late = Math.max(0, delays.percentile(99) / 1e6 - RESOLUTION_MS);
  return seen;
}

/** The instrument must not wait for a processor behind what it measures. Where that is not allowed, its delay is reported all the same. */
function preferThisProcess(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGH);
  } catch {
    // Only root may.
  }
}

/** Milliseconds from each acknowledgement to its sight. What was never seen was late by the whole time that was watched, at least. */
export function lagsOf(acknowledged: Times, seen: Times, watchedUntil: number): number[] {
  return Object.entries(acknowledged).map(([id, at]) => Math.max(0, (seen[id] ?? watchedUntil) - at));
}

export const viewLag: Metric = ofLeviathan({
  name: 'view-lag',
  series: [
    { metric: 'view-lag-p99', unit: 'ms', better: 'lower' },
    { metric: 'view-lag-max', unit: 'ms', better: 'lower' },
    { metric: 'view-lag-resolution', unit: 'ms', better: 'lower' },
  ],
  durabilities: ['process', 'power'],
  measure: async ({ start, scale: { seconds, settle } }): Promise<Values> => {
    const host = start<Acknowledged>('view-lag', { seconds: seconds * TIMES, settle });
    await host.receive();
    const watcher = start<Seen>('view-watch', {});
    await watcher.receive();
    await host.send({ go: true });
    const acknowledged = await host.result;
    await watcher.send({ stop: true });
    const seen = await watcher.result;
    const lags = [
      ...lagsOf(acknowledged.added, seen.added, seen.until),
      ...lagsOf(acknowledged.ended, seen.ended, seen.until),
    ];
    return {
      'view-lag-p99': percentile(lags, 0.99),
      'view-lag-max': percentile(lags, 1),
      'view-lag-resolution': seen.late,
    };
  },
});

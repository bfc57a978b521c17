/**
 * The live table of `watch`.
 *
 * @module
 */
import type { Job, JobCounts, JobFilter, JobStore, SubscribeOptions } from '@leviathan/core';
import { countsLine } from '../format/counts';
import { jobTable } from '../format/job-table';
import { wrap } from '../format/text';
import type { StopSignal } from '../io';
import type { Session } from '../session';
import { LiveRegion } from './live-region';

/** Reads follow events, but no more often than this: a busy queue changes thousands of times a second. */
const READ_MS = 250;
/** Without events, too: relative times and due times move. */
const IDLE_READ_MS = 2_000;

/** What is on the screen. */
interface Screen {
  counts: JobCounts | undefined;
  jobs: Job[];
}

/** Draws counts and jobs (running, then next, then newly ended) until a signal arrives; resolves with it. */
export async function watchTable(
  session: Session,
  store: JobStore,
  wanted: SubscribeOptions,
  signalled: Promise<StopSignal>,
): Promise<StopSignal> {
  const { io, out } = session;
  const screen: Screen = { counts: undefined, jobs: [] };
  let lastRead = 0;
  let stale = true;
  let failure: unknown;
  let reading: Promise<void> | undefined;
  const region = new LiveRegion(io.stdout, (columns, rows) => {
    const head =
      screen.counts === undefined ? ['Reading …'] : [...wrap(countsLine(screen.counts, out.colors), columns), ''];
    return [...head, ...jobTable(screen.jobs, columns, out.colors, io.now())].slice(0, rows - 1);
  });
  const read = async (): Promise<void> => {
    stale = false;
    lastRead = performance.now();
    const next = await readScreen(store, wanted, Math.max(1, (io.stdout.rows ?? 24) - 4));
    screen.counts = next.counts;
    screen.jobs = next.jobs;
  };
  const subscription = await store.subscribe(wanted, () => {
    stale = true;
  });
  await read();
  region.start();
  return await new Promise<StopSignal>((resolve, reject) => {
    const timer = setInterval(() => {
      const age = performance.now() - lastRead;
      if (failure !== undefined || reading !== undefined || age < READ_MS || !(stale || age > IDLE_READ_MS)) return;
      reading = read()
        .catch((error: unknown) => {
          failure = error;
          end(() => reject(error));
        })
        .finally(() => {
          reading = undefined;
        });
    }, READ_MS / 2);
    const end = (then: () => void): void => {
      clearInterval(timer);
      region.stop(true);
      void subscription.close().finally(then);
    };
    void signalled.then((signal) => end(() => resolve(signal)));
  });
}

/** Active jobs first, then pending ones in the order they will run, then those that ended last: as many as there is room for. */
async function readScreen(store: JobStore, wanted: SubscribeOptions, room: number): Promise<Screen> {
  const only: JobFilter = wanted.types === undefined ? {} : { type: wanted.types };
  const limit = Math.min(room, 1000);
  const [counts, active, pending, ended] = await Promise.all([
    store.counts(),
    store.list({ filter: { ...only, status: 'active' }, sort: 'priority', limit }),
    store.list({ filter: { ...only, status: 'pending' }, sort: 'queue', limit }),
    store.list({ filter: { ...only, status: ['completed', 'failed'] }, sort: 'updated', direction: 'desc', limit }),
  ]);
  // A third of the room belongs to what ended, or a long queue would hide it.
  const forEnded = Math.min(
    ended.jobs.length,
    Math.max(Math.floor(room / 3), room - active.jobs.length - pending.jobs.length),
  );
  const waiting = [...active.jobs, ...pending.jobs].slice(0, room - forEnded);
  return { counts, jobs: [...waiting, ...ended.jobs.slice(0, forEnded)] };
}

/**
 * A crash while a store recovers from a crash: the opening of what a first one left is recorded, with some work behind it, as any other
 * workload.
 *
 * @module
 */
import { FakeClock } from '@leviathan/core/testing';
import { fsStore } from '../../src/fs-store';
import { randomFrom } from '../../src/testing/random';
import { Ledger } from '../support/ledger';
import { completed, failed } from '../support/world';
import { crashText, diskAfter, type Planned, parseCrash } from './crashes';
import type { Op } from './disk';
import { diskFiles } from './disk-files';
import { byDiskTime } from './disk-time';
import { historyAfter } from './history';
import { rest, STORE_ROOT, shownJobs } from './inspect';
import { Machine } from './machine';
import { Kernel, memoryHost } from './memory-host';
import { type Defect, type Recording, syncTurns } from './recording';
import { type Seen, type SeenText, seenText } from './seen';
import { NEVER, type Step } from './steps';
import { Timeline } from './timeline';

/**
 * Whether it can be told what is right after this crash and another one: not where a power cut at `process` took no one knows what, and
 * wishes in files come true or not while the store opens.
 */
export function isJudgeable({ durability, history }: Recording, { kind }: Planned): boolean {
  return kind === 'end' || durability === 'power' || !history.steps.some(({ isWish }) => isWish);
}

/**
 * Records the recovery. After the end of a process the disk goes on as it is, with all that is not safe; what a power cut leaves is safe.
 * The same crash gives the same recording.
 */
export async function recordRecovery(
  first: Recording,
  crash: string,
  defect: Defect = (files) => files,
): Promise<Recording> {
  const timeline = new Timeline(first.base, first.log);
  const planned = parseCrash(timeline, crash);
  const random = randomFrom(first.seed + [...crash].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) | 0, 7));
  const now = first.now + 60_000;
  const [clock, folderClock] = [new FakeClock(now), new FakeClock(now)];
  const disk = diskAfter(timeline, planned);
  const base = planned.kind === 'power' ? disk.clone() : first.base;
  // What a power cut at `process` leaves is not foretold by a history; what the store shows then is where the next one begins.
  const isLossy = planned.kind === 'power' && first.durability === 'process';
  const machine = new Machine(
    disk,
    () => clock.now(),
    () => syncTurns(random),
  );
  if (planned.kind === 'end') machine.log.push(...untilEnd(first.log, planned.at, planned.torn));

  const files = defect(diskFiles(machine));
  const host = memoryHost(new Kernel(), files);
  const { durability, store: options } = first;
  const store = fsStore({
    ...{ ...options, root: STORE_ROOT, durability, clock, folderClock, files, host, viewProgram: false },
  });
  const places: number[] = [];
  const ledger = new Ledger(() => places.push(machine.log.length) - 1);
  const { found, jobs, openedAt } = await byDiskTime(machine, async () => {
    await store.open();
    // Whoever reads sees what time has done since.
    await store.counts();
    await rest(machine);
    await folderClock.advance(700);
    await rest(machine);
    const found = isLossy ? await shownJobs(store) : new Map();
    if (isLossy && options.retention) {
      // What is past its retention leaves, and is back where that is lost.
      await clock.advance(50);
      await folderClock.advance(50);
      await rest(machine);
    }
    const jobs = await shownJobs(store);
    const openedAt = machine.log.length;

    const add = [
      { id: 'after-0', type: 'a', data: 'after' },
      { id: 'after-1', type: 'b', data: 1 },
    ];
    await ledger.ask(0, 'add', [add], () => store.add(add));
    // New segments may have the names of some that were lost, or come to stand among them.
    for (let n = 2; isLossy && n < 14; n++) {
      const one = [{ id: `after-${n}`, type: 'a', data: 'after' }];
      await ledger.ask(0, 'add', [one], () => store.add(one));
    }
    const request = { worker: 'later', limit: 3, wait: false };
    const claimed = (await ledger.ask(0, 'claim', [request], () => store.claim(request))) ?? [];
    const outcomes = claimed.slice(0, 2).map((job, n) => (n === 0 ? completed(job) : failed(job)));
    await ledger.ask(0, 'settle', [outcomes], () => store.settle(outcomes));
    await ledger.does(0, 'close', [], () => store.close());
    return { found, jobs, openedAt };
  });

  const steps = isLossy ? shownSteps(new Map([...found, ...jobs]), openedAt) : possible(first, planned);
  const before = { ...first.history, steps };
  const placeOf = (moment: number): number => places[moment] as number;
  return {
    ...first,
    ...{ base, log: machine.log, after: crashText(planned), now: clock.now() },
    ...(isLossy && { lossyUntil: openedAt }),
    history: historyAfter(before, jobs, ledger.entries, placeOf, openedAt),
  };
}

/** What a store showed when it was open, as if each job had come about by then in one step. */
function shownSteps(jobs: ReadonlyMap<string, SeenText>, openedAt: number): Step[] {
  return [...jobs].map(([job, after], n): Step => {
    const seen = JSON.parse(after) as Seen;
    const waiting: Seen = seen.status === 'active' ? { ...seen, status: 'pending', cancelling: false } : seen;
    return {
      ...{ job, after, adopted: seenText(waiting), what: 'recovered', begun: -1, told: openedAt, firm: openedAt },
      ...{ isFinished: seen.status === 'completed' || seen.status === 'failed', isWish: false, voidFrom: NEVER },
      ...{ group: 0, batch: -1 - n },
    };
  });
}

function untilEnd(log: readonly Op[], at: number, torn: number): Op[] {
  const next = log[at];
  const written = log.slice(0, at);
  return torn > 0 && next?.op === 'write' ? [...written, { ...next, bytes: next.bytes.subarray(0, torn) }] : written;
}

/** The steps that may have happened before the crash; of what a power cut left, everything in it is as old as the disk. */
function possible({ history }: Recording, planned: Planned): Recording['history']['steps'] {
  const { at, kind } = planned;
  const end = kind === 'end' && planned.torn > 0 ? at + 1 : at;
  const steps = history.steps.filter(({ begun, voidFrom }) => begun < end && voidFrom > at);
  // Who was not told by then has not been told since: the process ended.
  const since = (moment: number): number => (moment > at ? NEVER : kind === 'end' ? moment : 0);
  return steps.map((step) => ({
    ...step,
    begun: kind === 'end' ? step.begun : -1,
    told: since(kind === 'end' ? step.told : step.firm),
    firm: since(step.firm),
  }));
}

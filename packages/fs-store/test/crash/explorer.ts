/**
 * Takes the disk apart under a recording: builds the states that a crash at each of its points may leave, opens each one and has it
 * judged.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { crashesOf, crashOf, crashText, type Density, diskAfter, type Planned, parseCrash, storyOf } from './crashes';
import type { Disk } from './disk';
import type { Random } from './fates';
import { inspect, STORE_ROOT } from './inspect';
import { judge } from './oracle';
import type { Recording } from './recording';
import { Timeline } from './timeline';

/** A state that is not what it may be. */
export interface Failure {
  /** `<recording>/<crash>`: what `rerun` takes. */
  name: string;
  /** What the crash did, for people. */
  story: string[];
  faults: string[];
}

/** What was explored of a recording. */
export interface Exploration {
  /** Distinct states that were opened. */
  states: number;
  /** States that were built; some were the same as others. */
  built: number;
  failures: Failure[];
}

/** How much to explore. */
export interface Limits extends Density {
  /** Failures after which it ends. */
  failures: number;
  /** So many distinct states are enough. */
  states: number;
  /** One of so many states that differ after they were opened is worked with, closed and opened again. */
  worked: number;
}

/** Explores the points of a recording. `known` holds the states that were opened before, of this one and of others. */
export async function exploreRecording(
  recording: Recording,
  limits: Limits,
  random: Random,
  known: Set<string>,
): Promise<Exploration> {
  const timeline = new Timeline(recording.base, recording.log);
  const result: Exploration = { states: 0, built: 0, failures: [] };
  const scope = `${recording.workload} ${recording.durability}`;
  const here = new Set<string>();
  const opened = new Set<string>();
  const isWorkedWith = (disk: Disk): boolean => isNew(opened, hashOf(disk, INERT)) && opened.size % limits.worked === 0;
  for (const planned of crashesOf(timeline, limits, random, recording.lossyUntil)) {
    if (result.failures.length >= limits.failures || result.states >= limits.states) break;
    result.built++;
    const disk = diskAfter(timeline, planned);
    const key = hashOf(disk, PASSING);
    // The same state may have to hold more, and then it is judged again; but it is one state.
    if (!isNew(here, `${key} ${dueOf(recording, planned)}`)) continue;
    if (isNew(known, `${scope} ${key}`)) result.states++;
    const faults = await check(recording, planned, disk, isWorkedWith);
    if (faults.length > 0) result.failures.push(failureOf(recording, timeline, planned, faults));
  }
  return result;
}

function isNew(known: Set<string>, key: string): boolean {
  return known.size < known.add(key).size;
}

/** Builds one state again and looks at it, whole. */
export async function checkCrash(recording: Recording, crash: string): Promise<Failure | undefined> {
  const timeline = new Timeline(recording.base, recording.log);
  const planned = parseCrash(timeline, crash);
  const faults = await check(recording, planned, diskAfter(timeline, planned), () => true);
  return faults.length > 0 ? failureOf(recording, timeline, planned, faults) : undefined;
}

/** Real time (ms) after which nothing more can be expected of a state. */
const PATIENCE = 60_000;

async function check(
  recording: Recording,
  planned: Planned,
  disk: Disk,
  isWorkedWith: (disk: Disk) => boolean,
): Promise<string[]> {
  const { durability, store, history, now, lossyUntil } = recording;
  const crash = crashOf(recording, planned);
  const options = {
    ...{ store, durability, now: now + 60_000 },
    isLossless: lossyUntil === undefined && (!crash.isPowerCut || durability === 'power'),
    tidies: crash.at % 8 === 0,
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it for ${PATIENCE / 1000} seconds`)), PATIENCE);
  });
  try {
    return await Promise.race([inspect(disk, options, (seen) => judge(history, crash, seen), isWorkedWith), late]);
  } catch (error) {
    return [`it failed: ${error instanceof Error ? `${error.name}: ${error.message} ${error.stack}` : String(error)}`];
  } finally {
    clearTimeout(timer);
  }
}

/** What does not make two states different: who owned the store, and what temporary files are called. */
const PASSING = /^\/(?:owner\.json|lock|clients(?:\/.*)?)$/;
/** What an open store does not look at any more. */
const INERT = /^\/(?:owner\.json|lock|clients(?:\/.*)?|quarantine\/.*|.*\.bad|.*\.tmp)$/;

function hashOf(disk: Disk, ignored: RegExp): string {
  const lines: string[] = [];
  for (const { path, node } of disk.walk()) {
    const inStore = path.startsWith(STORE_ROOT) ? path.slice(STORE_ROOT.length) : path;
    if (ignored.test(inStore)) continue;
    const name = inStore.endsWith('.tmp') ? inStore.replace(/\.\d+-\d+\.tmp$/, '.tmp') : inStore;
    lines.push(node.kind === 'file' ? `${name} ${node.content.hash}` : name);
  }
  return createHash('md5').update(lines.sort().join('\n')).digest('base64');
}

/** What a state must and can hold, as a text. */
function dueOf(recording: Recording, planned: Planned): string {
  const { at, isTorn, isPowerCut } = crashOf(recording, planned);
  const end = at + (isTorn ? 1 : 0);
  let [told, begun] = [0, 0];
  for (const step of recording.history.steps) {
    if (step.told <= at) told++;
    if (step.begun < end && step.voidFrom > at) begun++;
  }
  return `${isPowerCut} ${told} ${begun}`;
}

function failureOf(recording: Recording, timeline: Timeline, planned: Planned, faults: string[]): Failure {
  return { name: `${nameOf(recording)}/${crashText(planned)}`, story: storyOf(timeline, planned), faults };
}

/** A recording in one word. */
export function nameOf({ workload, durability, seed, after }: Recording): string {
  return [workload, durability, seed, ...(after === undefined ? [] : [after])].join('/');
}

/** A failure as a person reads it. */
export function failureText({ name, story, faults }: Failure): string {
  const again = `again: LEVIATHAN_CRASH='${name}' npx vitest run --project fs-store test/crash/states`;
  return [name, ...story, ...faults.map((fault) => `✘ ${fault}`), again].join('\n  ');
}

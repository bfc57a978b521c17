/**
 * Takes the disk apart under a recording: builds the states that a crash at each of its points may leave, opens each one and has it
 * judged.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Disk } from './disk';
import { allFates, countFates, drawFate, fateText, parseFate, type Random } from './fates';
import { inspect, STORE_ROOT } from './inspect';
import { type Crash, judge } from './oracle';
import type { Recording } from './recording';
import { type Fate, type PowerPoint, Timeline } from './timeline';

/** A crash in one word: `c120` ends the process after 120 operations, `c120+7` in the next write, `p120:n101,f0` cuts the power. */
export type CrashText = string;

/** A state that is not what it may be. */
export interface Failure {
  recording: Recording;
  crash: CrashText;
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
export interface Limits {
  /** States of one point that are drawn when there are more than {@link Limits.list} of them. */
  drawn: number;
  /** So many states of one point are all built. */
  list: number;
  /** Bytes at which the write that a process dies in is torn. */
  tears: number;
  /** Failures after which it ends. */
  failures: number;
  /** Stops when the time has come or enough was done. */
  isEnough?: () => boolean;
}

/** Explores the points of a recording. `known` holds the states that were opened before. */
export async function explore(
  recording: Recording,
  limits: Limits,
  random: Random,
  known: Set<string>,
): Promise<Exploration> {
  const timeline = new Timeline(recording.base, recording.log);
  const result: Exploration = { states: 0, built: 0, failures: [] };
  for (const crash of crashes(recording, timeline, limits, random)) {
    if (limits.isEnough?.() || result.failures.length >= limits.failures) break;
    result.built++;
    const disk = diskAfter(timeline, crash);
    const key = keyOf(recording, crash, disk);
    if (!isNew(known, key.disk + key.told)) continue;
    if (isNew(known, key.disk)) result.states++;
    const faults = await check(recording, crash, disk, (opened) => isNew(known, `${recording.workload} ${recording.durability} opened ${hashOf(opened, INERT)}`));
    if (faults.length > 0) result.failures.push(failureOf(recording, timeline, crash, faults));
  }
  return result;
}

/** Builds one state again and looks at it. */
export async function rerun(recording: Recording, text: CrashText): Promise<Failure | undefined> {
  const timeline = new Timeline(recording.base, recording.log);
  const crash = parseCrash(timeline, text);
  const faults = await check(recording, crash, diskAfter(timeline, crash), () => true);
  return faults.length > 0 ? failureOf(recording, timeline, crash, faults) : undefined;
}

type Planned = { kind: 'end'; at: number; torn: number } | { kind: 'power'; point: PowerPoint; fate: Fate };

function* crashes(
  { log }: Recording,
  timeline: Timeline,
  limits: Limits,
  random: Random,
): Generator<Planned> {
  for (let at = 0; at <= log.length; at++) {
    yield { kind: 'end', at, torn: 0 };
    const next = log[at];
    if (next?.op === 'write' && !next.hollow) {
      for (const torn of tearsOf(next.bytes.length, limits.tears, random)) yield { kind: 'end', at, torn };
    }
    const point = timeline.point(at);
    if (countFates(point) <= limits.list) {
      for (const fate of allFates(point)) yield { kind: 'power', point, fate };
    } else {
      for (let n = 0; n < limits.drawn; n++) yield { kind: 'power', point, fate: drawFate(point, random) };
    }
  }
}

/** Where a write is torn: at its edges, and at bytes that are drawn; at every byte if there are so few. */
function tearsOf(length: number, count: number, random: Random): number[] {
  if (length - 1 <= count) return Array.from({ length: Math.max(0, length - 1) }, (_, n) => n + 1);
  const tears = new Set([1, length - 1]);
  while (tears.size < count) tears.add(1 + random.below(length - 1));
  return [...tears];
}

function diskAfter(timeline: Timeline, crash: Planned): Disk {
  if (crash.kind === 'end') return timeline.afterProcessEnd(crash.at, crash.torn);
  return timeline.afterPowerCut(crash.point, crash.fate);
}

function crashOf({ durability }: Recording, planned: Planned): Crash {
  if (planned.kind === 'power') return { at: planned.point.at, isTorn: false, isPowerCut: true, durability };
  return { at: planned.at, isTorn: planned.torn > 0, isPowerCut: false, durability };
}

async function check(
  recording: Recording,
  planned: Planned,
  disk: Disk,
  isWorkedWith: (disk: Disk) => boolean,
): Promise<string[]> {
  const { durability, store, history, now } = recording;
  const crash = crashOf(recording, planned);
  const isLossless = !crash.isPowerCut || durability === 'power';
  const tidies = crash.at % 16 === 0;
  const options = { store: { ...store, snapshotBytes: Number.MAX_SAFE_INTEGER }, durability, now: now + 60_000, isLossless, tidies };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('nothing came of it for 20 seconds')), 20_000);
  });
  try {
    return await Promise.race([inspect(disk, options, (seen) => judge(history, crash, seen), isWorkedWith), late]);
  } catch (error) {
    return [`it failed: ${error instanceof Error ? error.stack : String(error)}`];
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
  return createHash('md5').update(lines.sort().join('\n')).digest('latin1');
}

/** The state of the disk as a text, and what must be true of it as another: the same state may have to hold more. */
function keyOf(recording: Recording, planned: Planned, disk: Disk): { disk: string; told: string } {
  const { at, isTorn, isPowerCut } = crashOf(recording, planned);
  const { workload, durability, seed, history } = recording;
  const told = history.steps.reduce((sum, step) => sum + (step.told <= at ? 1 : 0), 0);
  const begun = history.steps.reduce((sum, step) => sum + (step.begun < at + (isTorn ? 1 : 0) ? 1 : 0), 0);
  const scope = `${workload} ${durability} ${seed} ${isPowerCut} ${told} ${begun}`;
  return { disk: hashOf(disk, PASSING), told: scope };
}

function isNew(known: Set<string>, key: string): boolean {
  if (known.has(key)) return false;
  known.add(key);
  return true;
}

function failureOf(recording: Recording, timeline: Timeline, planned: Planned, faults: string[]): Failure {
  return { recording, crash: crashText(planned), story: storyOf(recording, timeline, planned), faults };
}

function crashText(planned: Planned): CrashText {
  if (planned.kind === 'end') return `c${planned.at}${planned.torn > 0 ? `+${planned.torn}` : ''}`;
  return `p${planned.point.at}:${fateText(planned.fate)}`;
}

function parseCrash(timeline: Timeline, text: CrashText): Planned {
  const end = /^c(\d+)(?:\+(\d+))?$/.exec(text);
  if (end) return { kind: 'end', at: Number(end[1]), torn: Number(end[2] ?? 0) };
  const cut = /^p(\d+):(.+)$/.exec(text);
  if (!cut) throw new Error(`${text} is no crash.`);
  return { kind: 'power', point: timeline.point(Number(cut[1])), fate: parseFate(cut[2] as string) };
}

/** What a reader needs to see why it failed: the last operations, and what was lost. */
function storyOf({ log }: Recording, timeline: Timeline, planned: Planned): string[] {
  const at = planned.kind === 'end' ? planned.at : planned.point.at;
  const disk = timeline.afterProcessEnd(log.length);
  const names = new Map<number, string>();
  for (const [, op] of log.slice(0, at + 1).entries()) {
    if (op.op === 'create' || op.op === 'link') names.set(op.ino, op.name);
    else if (op.op === 'rename') names.set(op.ino, op.toName);
  }
  for (const { path, node } of disk.walk()) if (!names.has(node.ino)) names.set(node.ino, path);
  const nameOf = (ino: number): string => names.get(ino) ?? `#${ino}`;
  const recent = log.slice(Math.max(0, at - 12), at + (planned.kind === 'end' && planned.torn > 0 ? 1 : 0));
  const lines = recent.map((op) => `  ${opText(op, nameOf)}`);
  if (planned.kind === 'end') {
    return [...lines, planned.torn > 0 ? `the process ended with ${planned.torn} bytes of it written` : 'the process ended'];
  }
  const { point, fate } = planned;
  const lost = point.looseNames.flatMap(({ op }, n) => (fate.names[n] ? [] : [`  lost: ${opText(op, nameOf)}`]));
  const files = point.looseFiles.map(({ ino, versions, from }, n) => {
    const { version, damage } = fate.files[n] as Fate['files'][number];
    const sizes = versions.map(({ size }) => size).join(' → ');
    const what = damage ? `, ${JSON.stringify(damage)}` : '';
    return `  ${nameOf(ino)}: version ${version} of sizes ${sizes}, loose from byte ${from}${what}`;
  });
  return [...lines, 'the power went', ...lost, ...files];
}

function opText(op: Recording['log'][number], nameOf: (ino: number) => string): string {
  switch (op.op) {
    case 'write':
      return `write ${op.bytes.length} bytes to ${nameOf(op.ino)} at ${op.at}`;
    case 'rename':
      return `rename ${nameOf(op.dir)}/${op.name} to ${nameOf(op.toDir)}/${op.toName}`;
    case 'create':
    case 'link':
    case 'unlink':
      return `${op.op} ${nameOf(op.dir)}/${op.name}`;
    case 'truncate':
      return `truncate ${nameOf(op.ino)} to ${op.size}`;
    default:
      return `${op.op} ${nameOf(op.ino)}`;
  }
}

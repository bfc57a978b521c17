/**
 * The crashes of a recording: which there are, how each is written down, and the disk that it leaves.
 *
 * @module
 */
import type { Disk, Op } from './disk';
import { allFates, countFates, drawFate, fateText, parseFate, type Random } from './fates';
import type { Crash } from './oracle';
import type { Recording } from './recording';
import type { Fate, PowerPoint, Timeline } from './timeline';

/** A process ends after so many operations, with so many bytes of the next one written; or the power goes. */
export type Planned =
  | { kind: 'end'; at: number; torn: number }
  | { kind: 'power'; at: number; point: PowerPoint; fate: Fate };

/** How many crashes to try at each point. */
export interface Density {
  /** States of one point that are drawn when there are more than {@link Density.list} of them. */
  drawn: number;
  /** So many states of one point are all built. */
  list: number;
  /** Bytes at which the write that a process dies in is torn. */
  tears: number;
}

/** All that are to be tried, point by point, in an order that is drawn: whoever stops early has seen something of everything. */
export function* crashesOf(timeline: Timeline, density: Density, random: Random, from = 0): Generator<Planned> {
  const { log } = timeline;
  const points = Array.from({ length: log.length + 1 - from }, (_, n) => from + n);
  for (let left = points.length; left > 0; left--) {
    const drawn = random.below(left);
    const at = points[drawn] as number;
    points[drawn] = points[left - 1] as number;
    yield { kind: 'end', at, torn: 0 };
    const next = log[at];
    if (next?.op === 'write' && !next.hollow) {
      for (const torn of tearsOf(next.bytes.length, density.tears, random)) yield { kind: 'end', at, torn };
    }
    const point = timeline.point(at);
    if (countFates(point) <= density.list) {
      for (const fate of allFates(point)) yield { kind: 'power', at, point, fate };
    } else {
      for (let n = 0; n < density.drawn; n++) yield { kind: 'power', at, point, fate: drawFate(point, random) };
    }
  }
}

/** Where a write is torn: at its edges, and at bytes that are drawn; at every byte if there are so few. */
function tearsOf(length: number, count: number, random: Random): number[] {
  if (length - 1 <= count) return Array.from({ length: Math.max(0, length - 1) }, (_, n) => n + 1);
  const tears = new Set([1, length - 1].slice(0, count));
  while (tears.size < count) tears.add(1 + random.below(length - 1));
  return [...tears];
}

/** Operations in which a store is opened for the first time. */
const FIRST_OPENING = 40;

/** One of all crashes: every other time one while the store was opened. */
export function drawCrash(timeline: Timeline, random: Random): Planned {
  const { length } = timeline.log;
  const at = random.below((random.below(2) === 0 ? length : Math.min(length, FIRST_OPENING)) + 1);
  if (random.below(2) === 0) {
    const point = timeline.point(at);
    return { kind: 'power', at, point, fate: drawFate(point, random) };
  }
  const next = timeline.log[at];
  const isTorn = next?.op === 'write' && !next.hollow && next.bytes.length > 1 && random.below(2) === 0;
  return { kind: 'end', at, torn: isTorn ? 1 + random.below(next.bytes.length - 1) : 0 };
}

/** The disk afterwards. */
export function diskAfter(timeline: Timeline, planned: Planned): Disk {
  if (planned.kind === 'end') return timeline.afterProcessEnd(planned.at, planned.torn);
  return timeline.afterPowerCut(planned.point, planned.fate);
}

/** As the judge has to know it. */
export function crashOf({ durability }: Recording, planned: Planned): Crash {
  const isTorn = planned.kind === 'end' && planned.torn > 0;
  return { at: planned.at, isTorn, isPowerCut: planned.kind === 'power', durability };
}

/** A crash in one word: `c120` ends the process after 120 operations, `c120+7` in the next write, `p120:n101,f0` cuts the power. */
export function crashText(planned: Planned): string {
  if (planned.kind === 'power') return `p${planned.at}:${fateText(planned.fate)}`;
  return `c${planned.at}${planned.torn > 0 ? `+${planned.torn}` : ''}`;
}

/** The other way round. @throws what is no crash of this recording */
export function parseCrash(timeline: Timeline, text: string): Planned {
  const end = /^c(\d+)(?:\+(\d+))?$/.exec(text);
  const cut = /^p(\d+):(.+)$/.exec(text);
  const at = Number((end ?? cut)?.[1]);
  if (!(at <= timeline.log.length)) throw new Error(`${text} is no crash of this recording.`);
  if (end) return { kind: 'end', at, torn: Number(end[2] ?? 0) };
  const point = timeline.point(at);
  const fate = parseFate(cut?.[2] as string);
  const fits =
    fate.names.length === point.looseNames.length &&
    fate.files.length === point.looseFiles.length &&
    point.looseFiles.every((file, n) => fitsFile(file, fate.files[n] as Fate['files'][number]));
  if (!fits) throw new Error(`${text} is of another recording: what the store does has changed since.`);
  return { kind: 'power', at, point, fate };
}

/** What was synced no crash can touch. */
function fitsFile(
  { versions, from }: PowerPoint['looseFiles'][number],
  { version, damage }: Fate['files'][number],
): boolean {
  const size = versions[version]?.size;
  return (
    size !== undefined &&
    (!damage || (damage.kind === 'blocks' ? (damage.of ?? 0) < version : damage.from >= from && damage.from < size))
  );
}

/** What a reader needs to see why it failed: the last operations, and what was lost. */
export function storyOf(timeline: Timeline, planned: Planned): string[] {
  const { log, base } = timeline;
  const { at } = planned;
  const names = new Map<number, string>();
  for (const { path, node } of base.walk()) names.set(node.ino, path);
  for (const op of log.slice(0, at + 1)) {
    if (op.op === 'create' || op.op === 'link') names.set(op.ino, `${names.get(op.dir)}/${op.name}`);
    else if (op.op === 'rename') names.set(op.ino, `${names.get(op.toDir)}/${op.toName}`);
  }
  const nameOf = (ino: number): string => names.get(ino) ?? `#${ino}`;
  const isTorn = planned.kind === 'end' && planned.torn > 0;
  const lines = log.slice(Math.max(0, at - 12), isTorn ? at + 1 : at).map((op) => `  ${opText(op, nameOf)}`);
  if (planned.kind === 'end') {
    return [...lines, isTorn ? `the process ended with ${planned.torn} bytes of it written` : 'the process ended'];
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

function opText(op: Op, nameOf: (ino: number) => string): string {
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

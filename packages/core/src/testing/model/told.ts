/**
 * The events of a subscription, compared with what the reference says.
 *
 * @module
 */
import type { EventKind, StoreEvent } from '../../store';
import { RECORDED_KINDS } from '../recorded-kinds';
import { difference } from './difference';
import { type ExpectedEvent, find, type Reference } from './reference';

/** How exactly a store can be foretold. */
export interface Laws {
  /** Times are under control. */
  timed: boolean;
  /** An answer may be lost on its way, so that a claim is given back and made again, which shows in events and revisions. */
  lossy: boolean;
}

/** What the comparison came to. */
export interface Match {
  /** What is wrong. */
  fault: string | undefined;
  /** What is still to be told. */
  left: ExpectedEvent[];
}

/** Kinds that are told twice, or not at all, when a connection breaks. */
const UNSTEADY: ReadonlySet<EventKind> = new Set<EventKind>(['started', 'released', 'progress', 'log', 'reset']);

/** Takes the events one after the other. */
export function matchEvents(ref: Reference, actual: StoreEvent[], { timed, lossy }: Laws): Match {
  let left = ref.events.filter(({ kind }) => !(lossy && UNSTEADY.has(kind)));
  for (const event of actual) {
    if (lossy && UNSTEADY.has(event.kind)) continue;
    const at = left.findIndex((expected, n) => isNext(left, n) && faultOf(expected, event, timed) === undefined);
    if (at >= 0) left = left.filter((_, n) => n !== at);
    else if (event.kind !== 'edited' || !find(ref, event.id)?.roomMade) {
      return { fault: faultOf(left[0], event, timed) ?? 'an event is told out of order', left };
    }
  }
  return { fault: undefined, left };
}

/** Whether this one may come next, with those before it still to come. */
function isNext(left: ExpectedEvent[], n: number): boolean {
  const { batch, kind, id, anytime } = left[n] as ExpectedEvent;
  if (anytime) return true;
  const isBeside = (before: ExpectedEvent): boolean =>
    batch !== undefined && before.batch === batch && (before.id !== id || before.kind !== kind);
  return left.slice(0, n).every((before) => before.anytime || isBeside(before));
}

function faultOf(expected: ExpectedEvent | undefined, event: StoreEvent, timed: boolean): string | undefined {
  if (!expected) return `the event ${JSON.stringify(event)} is told, and nothing has happened`;
  const { batch: _batch, anytime: _anytime, ...wanted } = expected;
  if (!timed) for (const key of ['at', 'runAt', 'logs'] as const) delete wanted[key];
  const told = Object.fromEntries(Object.keys(wanted).map((key) => [key, event[key as keyof StoreEvent]]));
  return difference(wanted, told, 'the event');
}

/** Whether a broken connection may repeat or lose it. */
export function isUnsteady({ kind }: { kind: EventKind }): boolean {
  return UNSTEADY.has(kind);
}

/** Numbers never go back, and a recorded change has a new one. @param before Number of the event before. */
export function numberFault(event: StoreEvent, before: number): string | undefined {
  const isLate = RECORDED_KINDS.includes(event.kind) ? event.seq <= before : event.seq < before;
  return isLate ? `the event ${JSON.stringify(event)} comes after number ${before}` : undefined;
}

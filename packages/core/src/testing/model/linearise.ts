import { type Answer, type Call, comparable, foretell } from './calls';
import { difference, withoutTimes } from './difference';
import type { Reference } from './reference';
import { overdue } from './reference-flow';
import type { Laws } from './told';

/** A call that was made beside others, and what came of it. */
export interface MadeCall {
  call: Call;
  answer: Answer;
}

/** Makes the call on the reference too. Returns what is wrong with the answer. */
export function answerFault(ref: Reference, { call, answer }: MadeCall, { timed, lossy }: Laws): string | undefined {
  let expected: unknown = foretell(ref, call, answer);
  let actual: unknown = comparable(call, answer);
  if (!timed) [expected, actual] = [withoutTimes(expected), withoutTimes(actual)];
  if (lossy && call.call === 'settle') [expected, actual] = [withoutTaking(expected), withoutTaking(actual)];
  return difference(expected, actual, call.call);
}

/** A job that is ready again is taken at once by a claim that waits, or later, when that claim is being made again. */
function withoutTaking(settled: unknown): unknown {
  return JSON.parse(JSON.stringify(settled).replaceAll('"status":"active"', '"status":"pending"'));
}

/**
 * Calls that were under way together must have happened one after the other in some order: gives what the reference is after each order
 * that gives these answers.
 */
export function linearisations(ref: Reference, made: MadeCall[], laws: Laws): Reference[] {
  if (made.length === 0) return [ref];
  return made.flatMap((one, n) => {
    const rest = made.filter((_, other) => other !== n);
    return afterOne(ref, one, laws, rest.length === 0).flatMap((next) => linearisations(next, rest, laws));
  });
}

/** What may be after a call; what has expired may be dealt with at once, or after the next one. */
function afterOne(ref: Reference, made: MadeCall, laws: Laws, isLast: boolean): Reference[] {
  return [false, true].flatMap((isHurried) => {
    if (isHurried && isLast) return [];
    const next = structuredClone(ref);
    next.isHurried = isHurried;
    const fault = answerFault(next, made, laws);
    next.isHurried = false;
    return fault !== undefined || (isHurried && overdue(next).length === 0) ? [] : [next];
  });
}

/** Calls of one turn may be committed together: jobs that end because a parent ended do so behind all of them. */
export function mayEndLate({ events }: Reference): void {
  for (const event of events) {
    if (event.batch !== undefined && (event.kind === 'completed' || event.kind === 'failed')) event.anytime = true;
  }
}

/** What is wrong with calls that no order fits, said for the order in which they were made. */
export function orderFault(ref: Reference, made: MadeCall[], laws: Laws): string {
  const copy = structuredClone(ref);
  const faults = made.map((one) => answerFault(copy, one, laws));
  return `in no order of these calls their answers are right; in that of the program ${faults.find(Boolean)}`;
}

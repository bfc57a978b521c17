import { type Answer, type Call, comparable, foretell } from './calls';
import { difference, withoutTimes } from './difference';
import type { Reference } from './reference';
import { serve } from './reference-claim';
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
  if (made.length === 0) {
    serve(ref);
    return [ref];
  }
  return made.flatMap((one, n) => {
    const rest = made.filter((_, other) => other !== n);
    return afterOne(ref, one, laws).flatMap((next) => linearisations(next, rest, laws));
  });
}

/** What may be after a call: what follows from it, for those that depend on others or have expired, may come after the next one. */
function afterOne(ref: Reference, made: MadeCall, laws: Laws): Reference[] {
  const next = structuredClone(ref);
  next.isHurried = true;
  const isRight = answerFault(next, made, laws) === undefined;
  next.isHurried = false;
  const served = structuredClone(ref);
  const all = answerFault(served, made, laws) === undefined ? [served] : [];
  return isRight && served.events.length !== next.events.length ? [...all, next] : all;
}

/** What is wrong with calls that no order fits, said for the order in which they were made. */
export function orderFault(ref: Reference, made: MadeCall[], laws: Laws): string {
  const copy = structuredClone(ref);
  const faults = made.map((one) => answerFault(copy, one, laws));
  return `in no order of these calls their answers are right; in that of the program ${faults.find(Boolean)}`;
}

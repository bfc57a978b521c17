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

/** What may be after something has happened, and what is wrong then. */
export interface Possible {
  ref: Reference;
  fault: string | undefined;
}

/** Lets it happen in each order in which jobs may leave their dead letters. */
export function possibleAfter(ref: Reference, happen: (ref: Reference) => string | undefined): Possible[] {
  const possible: Possible[] = [];
  for (let turn = 0, turns = 1; turn < turns; turn++) {
    const next = structuredClone({ ...ref, turn, turns: 1 });
    possible.push({ ref: next, fault: happen(next) });
    turns = Math.max(turns, next.turns);
  }
  return possible;
}

/** The same of something that cannot go wrong. */
export function after(ref: Reference, happen: (ref: Reference) => void): Reference[] {
  const possible = possibleAfter(ref, (next) => {
    happen(next);
    return undefined;
  });
  return rightOnes(possible);
}

/** Those that nothing is wrong with. */
export function rightOnes(possible: Possible[]): Reference[] {
  return possible.filter(({ fault }) => fault === undefined).map(({ ref }) => ref);
}

/**
 * Calls that were under way together must have happened one after the other in some order: gives what the reference is after each order
 * that gives these answers.
 */
export function linearisations(ref: Reference, made: MadeCall[], laws: Laws): Reference[] {
  if (made.length === 0) return after(ref, serve);
  return made.flatMap((one, n) => {
    const rest = made.filter((_, other) => other !== n);
    return afterOne(ref, one, laws).flatMap((next) => linearisations(next, rest, laws));
  });
}

/** What may be after a call: what follows from it, for those that depend on others or have expired, may come after the next one. */
function afterOne(ref: Reference, made: MadeCall, laws: Laws): Reference[] {
  const possible = (isHurried: boolean): Possible[] =>
    possibleAfter({ ...ref, isHurried }, (next) => {
      const fault = answerFault(next, made, laws);
      next.isHurried = false;
      return fault;
    });
  const [served, hurried] = [possible(false), possible(true)];
  const isFollowed = served[0]?.ref.events.length !== hurried[0]?.ref.events.length;
  return rightOnes(isFollowed ? [...served, ...hurried] : served);
}

/** What is wrong with calls that no order fits, said for the order in which they were made. */
export function orderFault(ref: Reference, made: MadeCall[], laws: Laws): string {
  const copy = structuredClone(ref);
  const faults = made.map((one) => answerFault(copy, one, laws));
  return `in no order of these calls their answers are right; in that of the program ${faults.find(Boolean)}`;
}

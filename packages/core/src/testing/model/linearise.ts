import { type Answer, type Call, comparable, foretell } from './calls';
import { difference, withoutTimes } from './difference';
import type { Reference } from './reference';

/** A call that was made beside others, and what came of it. */
export interface MadeCall {
  call: Call;
  answer: Answer;
}

/** Makes the call on the reference too. Returns what is wrong with the answer. @param timed Whether times are under control. */
export function answerFault(ref: Reference, { call, answer }: MadeCall, timed: boolean): string | undefined {
  const expected = foretell(ref, call, answer);
  const actual = comparable(call, answer);
  if (timed) return difference(expected, actual, call.call);
  return difference(withoutTimes(expected), withoutTimes(actual), call.call);
}

/**
 * Calls that were under way together must have happened one after the other in some order: gives what the reference is after each order
 * that gives these answers.
 */
export function linearisations(ref: Reference, made: MadeCall[], timed: boolean): Reference[] {
  if (made.length === 0) return [ref];
  return made.flatMap(({ call, answer }, n) => {
    const next = structuredClone(ref);
    if (answerFault(next, { call, answer }, timed) !== undefined) return [];
    return linearisations(
      next,
      made.filter((_, other) => other !== n),
      timed,
    );
  });
}

/** What is wrong with calls that no order fits, said for the order in which they were made. */
export function orderFault(ref: Reference, made: MadeCall[], timed: boolean): string {
  const copy = structuredClone(ref);
  const faults = made.map((one) => answerFault(copy, one, timed));
  return `in no order of these calls their answers are right; in that of the program ${faults.find(Boolean)}`;
}

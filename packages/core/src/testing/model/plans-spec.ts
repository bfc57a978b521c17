/**
 * New jobs, drawn by fast-check: see `plans.ts`.
 *
 * @module
 */
import type * as FastCheck from 'fast-check';
import { type BackoffSpec, CRASH_POLICIES, type Json, PARENT_POLICIES, type Unique } from '../../job';
import { drawerOf, type Fc, oneOf } from './drawer';
import type { Powers } from './powers';

export const TYPES = ['a', 'b', 'constructor'];
export const KEYS = ['k1', 'k2', '__proto__'];
const TAGS = ['red', 'blue'];

/** What jobs are made of. */
export function valuesOf(fc: Fc) {
  return {
    pick: fc.nat({ max: 20 }),
    type: fc.constantFrom(...TYPES),
    data: fc.oneof(
      oneOf,
      fc.constant(null),
      fc.integer({ min: 0, max: 99 }),
      fc.constantFrom<Json>('text', { to: 'Ada' }, { to: null, more: { n: 1 } }, [1, 'two'], 'x'.repeat(300)),
    ) as FastCheck.Arbitrary<Json>,
    priority: fc.constantFrom(5, 4, 6),
    /** Milliseconds from now. */
    time: fc.constantFrom(-1_000, 0, 1, 500, 2_000, 10_000, 3_600_000),
    backoff: fc.constantFrom<BackoffSpec>(
      { type: 'fixed', delay: 100 },
      { type: 'exponential', delay: 1_000, factor: 3, max: 60_000, jitter: 0.5 },
    ),
  };
}

/** A job to be added. */
export function specPlan(fc: Fc, powers: Powers) {
  const { none, sometimes, seldom, rarely } = drawerOf(fc);
  const { pick, type, data, priority, time, backoff } = valuesOf(fc);
  const parent = fc.record({
    of: fc.constantFrom('known', 'known', 'known', 'known', 'batch', 'batch', 'nobody'),
    pick,
  });
  const modes: Unique[] = powers.uniqueModes ? ['merge', 'rerun', 'replace'] : [];
  const timed: Unique[] = [{ debounce: 1_000 }, { debounce: 1_000, maxWait: 2_000 }, { throttle: 10_000 }];
  if (powers.time && powers.uniqueModes) modes.push(...timed);
  const unique = fc.constantFrom<Unique>(...modes, 'keep', 'reject');
  // Most of one type: data for a job of another is refused.
  const keyed = fc.record({
    key: fc.constantFrom('k1', 'k1', ...KEYS),
    type: fc.constantFrom('a', 'a', 'a', 'b'),
    unique: fc.oneof(oneOf, { weight: 1, arbitrary: none }, { weight: 5, arbitrary: unique }),
  });
  return fc.record({
    id: fc.oneof(
      oneOf,
      { weight: 8, arbitrary: fc.constant('fresh' as const) },
      { weight: 1, arbitrary: fc.constant('none' as const) },
      { weight: 1, arbitrary: fc.record({ again: pick }) },
    ),
    type,
    data,
    priority: sometimes(priority),
    runIn: powers.time ? seldom(time) : none,
    expiresIn: powers.time && powers.expiry ? rarely(time) : none,
    maxAttempts: sometimes(fc.integer({ min: 1, max: 3 })),
    maxCrashes: sometimes(fc.integer({ min: 1, max: 2 })),
    onCrash: powers.crashPolicies ? seldom(fc.constantFrom(...CRASH_POLICIES)) : none,
    deadLetter: powers.deadLetters ? fc.constantFrom(undefined, undefined, 'a', 'dead') : none,
    timeout: seldom(fc.integer({ min: 1, max: 9 })),
    backoff: seldom(backoff),
    // A claim that is given back and made again, unseen, lets the wait begin anew.
    ageing: powers.time && !powers.lossy ? seldom(fc.constantFrom(1, 700, 5_000, 60_000)) : none,
    retryFor: powers.time ? rarely(fc.constantFrom(1, 1_000, 60_000)) : none,
    keyed: fc.oneof(oneOf, none, keyed),
    tags: seldom(fc.array(fc.constantFrom(...TAGS), { maxLength: 3 })),
    onParentFailed: powers.dependencies ? sometimes(fc.constantFrom(...PARENT_POLICIES)) : none,
    parents: powers.dependencies ? seldom(fc.array(parent, { minLength: 1, maxLength: 2 })) : none,
  });
}

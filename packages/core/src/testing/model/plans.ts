/**
 * What may be done to a store, drawn by fast-check. A plan names jobs and attempts by number, so that it means something in every state,
 * and still does when the plans before it are taken away.
 *
 * @module
 */
import type * as FastCheck from 'fast-check';
import { CHILD_POLICIES, FAILURE_REASONS, JOB_STATUSES } from '../../job';
import { EVENT_KINDS } from '../../store';
import { drawerOf, type Fc, oneOf } from './drawer';
import { KEYS, specPlan, TYPES, valuesOf } from './plans-spec';
import type { Powers } from './powers';

/** What values a plan has, by the name of its kind. */
export type Plans = ReturnType<typeof plansOf>;

/** The value of an arbitrary. */
export type Drawn<A> = A extends FastCheck.Arbitrary<infer T> ? T : never;

/** All arbitraries. */
export function plansOf(fc: Fc, powers: Powers) {
  const { none, sometimes, seldom, rarely, some } = drawerOf(fc);
  const { pick, type, data, priority, time, backoff } = valuesOf(fc);
  const spec = specPlan(fc, powers);
  const on = fc.constantFrom(0, 0, 1);
  const ago = fc.record({
    side: fc.constantFrom('After' as const, 'Before' as const),
    ms: fc.constantFrom(0, 1, 500, 1_000, 60_000),
  });
  const attempt = fc.record({
    from: fc.constantFrom('running', 'running', 'running', 'running', 'past', 'foreign', 'invented'),
    pick,
  });
  // One or two conditions in most: more would fit nothing.
  const filter = fc.record({
    status: sometimes(fc.oneof(fc.constantFrom(...JOB_STATUSES), some(JOB_STATUSES))),
    type: rarely(fc.oneof(type, some(TYPES))),
    tags: rarely(fc.constantFrom<string[]>(['red'], ['blue'], ['red', 'blue'])),
    text: powers.text ? rarely(fc.constantFrom('J1', 'RED', 'text', 'ada', 'boom', 'K1', '')) : none,
    reason: rarely(fc.constantFrom(...FAILURE_REASONS)),
    priority: rarely(fc.oneof(priority, fc.constant([4, 5]))),
    key: rarely(fc.constantFrom(...KEYS)),
    parent: powers.dependencies ? rarely(pick) : none,
    worker: rarely(fc.constantFrom('w1', 'w3')),
    created: powers.time ? rarely(ago) : none,
    updated: powers.time ? rarely(ago) : none,
  });
  const query = fc.record(
    {
      filter: seldom(filter),
      sort: powers.time
        ? fc.constantFrom('created', 'updated', 'priority', 'queue')
        : fc.constantFrom('created', 'priority', 'queue'),
      direction: fc.constantFrom('asc', 'desc'),
      limit: fc.integer({ min: 1, max: 4 }),
    },
    { requiredKeys: [] },
  );
  const error = fc.constantFrom(
    { name: 'TypeError', message: 'boom', code: 'E_BOOM', stack: 'TypeError: boom\n    at handler' },
    { name: 'Error', message: '' },
  );
  const waiting = fc.record({
    outcome: fc.constant('waiting' as const),
    jobs: fc.array(fc.record({ type, data }), { minLength: 1, maxLength: 2 }),
    onChildFailed: sometimes(fc.constantFrom(...CHILD_POLICIES)),
  });
  const end = fc.oneof(
    oneOf,
    { weight: 1, arbitrary: fc.record({ outcome: fc.constant('completed' as const), result: sometimes(data) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        outcome: fc.constant('failed' as const),
        error,
        reason: fc.constantFrom('error' as const, 'timeout' as const),
        retryIn: powers.time ? fc.constantFrom(0, 0, undefined, 1, 1_000, 60_000) : fc.constantFrom(0, 0, undefined),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        outcome: fc.constant('released' as const),
        delay: powers.time ? fc.constantFrom(undefined, undefined, 0, 1_000, 60_000) : none,
      }),
    },
    ...(powers.dependencies ? [{ weight: 1, arbitrary: waiting }] : []),
  );
  const patch = fc.record(
    {
      data,
      priority,
      runIn: powers.time ? fc.oneof(fc.constant(null), time) : none,
      expiresIn: powers.time && powers.expiry ? fc.oneof(fc.constant(null), time) : none,
      tags: some(['red', 'blue']),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      timeout: fc.constantFrom(null, 7),
      backoff: fc.oneof(fc.constant(null), backoff),
    },
    { requiredKeys: [] },
  );
  const redrive = fc.record(
    {
      action: fc.constant('redrive' as const),
      limit: fc.integer({ min: 1, max: 2 }),
      ...(powers.time && { every: fc.constantFrom(0, 1_000) }),
    },
    { requiredKeys: ['action'] },
  );
  const approve = fc.constant({ action: 'approve' as const });
  const revivals = [...(powers.crashPolicies ? [approve] : []), ...(powers.deadLetters ? [redrive] : [])];
  const action = fc.oneof(
    oneOf,
    fc.constantFrom({ action: 'cancel' as const }, { action: 'retry' as const }, { action: 'remove' as const }),
    fc.constant({ action: 'retry' as const }),
    ...revivals,
    fc.record({ action: fc.constant('reprioritise' as const), priority }),
    fc.record({ action: fc.constant('edit' as const), patch }),
  );
  const move = fc.record({
    action: fc.constant('move' as const),
    to: fc.constantFrom('top' as const, 'bottom' as const, 'before' as const, 'after' as const),
    pick,
  });
  const target = fc.oneof(
    oneOf,
    { weight: 3, arbitrary: fc.record({ ids: fc.array(pick, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ filter }) },
  );
  const dryRun = fc.constantFrom(undefined, undefined, true);
  const by = seldom(fc.constant('somebody'));
  const room = fc.constantFrom(undefined, 2, 1, 0);
  const claim = {
    worker: fc.nat({ max: 2 }),
    limit: fc.integer({ min: 1, max: 3 }),
    types: seldom(fc.record({ a: room, b: room, constructor: room })),
  };
  return {
    add: fc.record({ on, specs: fc.array(spec, { minLength: 1, maxLength: 3 }), reject: seldom(fc.constant(true)) }),
    claim: fc.record(claim),
    wait: fc.record(claim),
    abort: fc.record({ pick }),
    settle: fc.record({ on, ends: fc.array(fc.record({ attempt, end }), { minLength: 1, maxLength: 3 }) }),
    report: fc.record({
      on,
      reports: fc.array(
        fc.record({
          attempt,
          progress: sometimes(fc.constantFrom(0, 12.5, 100)),
          detail: seldom(data),
          lines: fc.nat({ max: 2 }),
          checkpoint: seldom(data),
          step: seldom(fc.record({ name: fc.constantFrom('one', 'two', '__proto__'), result: data })),
          stuck: seldom(fc.constant(true)),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    takeBack: fc.record({
      on,
      workers: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 3 }),
      cause: fc.constantFrom('crashed' as const, 'released' as const),
      keep: seldom(fc.array(pick, { maxLength: 2 })),
    }),
    change: fc.record({ on, action, target, dryRun, by }),
    move: fc.record({ on, action: move, target, dryRun, by }),
    revive: fc.record({ on, action: fc.oneof(redrive, ...revivals), target: fc.constant({ filter: {} }), dryRun, by }),
    undo: fc.record({
      on,
      which: fc.constantFrom('newest' as const, 'some' as const, 'none' as const),
      pick,
      dryRun,
      by,
    }),
    pause: fc.record({
      on,
      paused: fc.constantFrom(true, false, false),
      all: fc.constantFrom(false, false, false, true),
      type,
      pick,
    }),
    get: fc.record({ on, ids: fc.array(pick, { maxLength: 3 }) }),
    list: fc.record({ on, query }),
    walk: fc.record({ on, query }),
    page: fc.constant({}),
    counts: fc.record({ on }),
    advance: fc.record({ ms: fc.constantFrom(1, 500, 1_000, 2_000, 10_000, 60_000, 1_900_000) }),
    jump: fc.record({
      ms: fc.constantFrom(
        1_000,
        -1_000,
        1_000,
        -1_000,
        60_000,
        -60_000,
        3_600_000,
        -3_600_000,
        86_400_000,
        -86_400_000,
      ),
    }),
    watch: fc.record({
      on,
      since: sometimes(pick),
      kinds: seldom(some(EVENT_KINDS, 1)),
      types: seldom(some(TYPES, 1)),
      ids: seldom(fc.array(pick, { minLength: 1, maxLength: 3 })),
      worker: seldom(fc.constantFrom('w1', 'w3')),
    }),
    unwatch: fc.record({ pick }),
    close: fc.record({ on }),
    reopen: fc.constant({}),
    crash: fc.constant({}),
  };
}

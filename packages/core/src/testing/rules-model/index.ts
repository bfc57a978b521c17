/**
 * Random jobs under random rules: limits, pools, orders of groups, which come and go while jobs run, across restarts and crashes. What starts
 * is not foretold; that nothing starts against a rule, and that nothing stays that could start, is checked after every claim.
 *
 * @module
 */
import type { LimitSpec } from '../../limit';
import type { StoreUnderTest } from '../store-under-test';
import { describe, it, requireVitest } from '../vitest-api';
import { RulesWorld } from './rules-world';

/** What {@link rulesModelSuite} needs. */
export interface RulesModelOptions {
  /** Heads the test. */
  name: string;
  /** Makes a store of its own, with a clock of the test, for each sequence. */
  create: () => Promise<StoreUnderTest>;
  /** The module fast-check. */
  fc: typeof import('fast-check');
  /** How many sequences; 60 by default. `LEVIATHAN_MODEL_RUNS` in the environment counts instead. */
  runs?: number;
  /** Makes the same sequences again; a random one by default, which the name of the test tells. `LEVIATHAN_SEED` counts as well. */
  seed?: number;
}

type Step = (world: RulesWorld) => Promise<unknown>;

const LIMITS: (LimitSpec | null)[] = [
  { concurrency: 2 },
  { concurrency: 0, types: ['b'] },
  { concurrency: 1, by: 'group' },
  { concurrency: 2, by: 'type' },
  { concurrency: 1, tags: ['red'] },
  { ordered: true, by: 'group' },
  { rate: { count: 2, per: 1_000 } },
  { rate: { count: 1, per: 500, burst: 3 }, by: 'group' },
  { concurrency: 3, rate: { count: 4, per: 2_000 }, types: ['a', 'b'] },
  null,
];

/** Registers the test in the test file that calls it. @throws Error when vitest is not installed */
export function rulesModelSuite({ name, create, fc, runs = 60, seed }: RulesModelOptions): void {
  requireVitest();
  const { LEVIATHAN_MODEL_RUNS, LEVIATHAN_SEED } = globalThis.process?.env ?? {};
  const numRuns = Number(LEVIATHAN_MODEL_RUNS) || runs;
  const chosen = seed ?? (Number(LEVIATHAN_SEED) || Math.floor(Math.random() * 0x7fffffff));
  describe(`${name} starts what may start, and nothing else`, () => {
    it(`in ${numRuns} random sequences under random rules, from seed ${chosen}`, { timeout: 600_000 }, async () => {
      const sequences = fc.array(stepsOf(fc), { minLength: 1, maxLength: 60, size: 'max' });
      const property = fc.asyncProperty(sequences, async (steps) => {
        const under = await create();
        try {
          const world = new RulesWorld(under);
          for (const { run } of steps) await run(world);
          await world.finish();
        } finally {
          await under.dispose();
        }
      });
      await fc.assert(property, { numRuns, seed: chosen });
    });
  });
}

/** One thing that happens; as a text it is what makes it happen. */
function stepsOf(fc: typeof import('fast-check')) {
  const pick = fc.nat({ max: 20 });
  const type = fc.constantFrom('a', 'b', 'c');
  const maybe = <T>(...values: T[]) => fc.constantFrom(undefined, ...values);
  const spec = fc
    .record({
      type,
      priority: fc.constantFrom(5, 5, 4),
      group: maybe('g1', 'g1', 'g2', 'g3'),
      tags: maybe(['red'], ['blue', 'red']),
      needs: maybe<Record<string, number>>({ cpu: 1 }, { cpu: 3 }, { cpu: 2, gpu: 1 }),
    })
    .map((drawn) => ({
      ...(Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)) as typeof drawn),
      ...{ data: null, maxAttempts: 1_000, maxCrashes: 1_000 },
    }));
  const room = fc.record({ a: fc.nat({ max: 2 }), b: fc.nat({ max: 2 }) }, { requiredKeys: [] });
  const step = <T>(weight: number, drawn: ReturnType<typeof fc.constant<T>>, of: (drawn: T) => Step, what: string) => ({
    weight,
    arbitrary: drawn.map((value) => ({ run: of(value), toString: () => `${what}(${JSON.stringify(value)})` })),
  });
  return fc.oneof(
    { withCrossShrink: true },
    step(8, fc.array(spec, { minLength: 1, maxLength: 6 }), (specs) => (w) => w.add(specs as never), 'add'),
    step(
      12,
      fc.record({
        worker: pick,
        limit: fc.integer({ min: 1, max: 6 }),
        types: fc.option(room, { nil: undefined, freq: 1 }),
      }),
      ({ worker, limit, types }) =>
        (w) =>
          w.claim(worker, limit, types as Record<string, number> | undefined),
      'claim',
    ),
    step(
      8,
      fc.record({
        picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
        outcome: fc.constantFrom('completed' as const, 'completed' as const, 'failed' as const, 'released' as const),
        retryIn: fc.constantFrom(0, 700, 3_000),
      }),
      ({ picks, outcome, retryIn }) =>
        (w) =>
          w.settle(picks, outcome, retryIn),
      'settle',
    ),
    step(
      4,
      fc.record({ name: fc.constantFrom('l1', 'l2', 'l3'), spec: fc.constantFrom(...LIMITS) }),
      ({ name, spec: value }) =>
        (w) =>
          w.limit(name, value),
      'limit',
    ),
    step(
      3,
      fc.record({ name: fc.constantFrom('cpu', 'gpu'), capacity: fc.constantFrom(null, 1, 2, 4) }),
      ({ name, capacity }) =>
        (w) =>
          w.pool(name, capacity),
      'pool',
    ),
    step(4, fc.constantFrom(1, 100, 500, 1_000, 5_000), (ms) => (w) => w.advance(ms), 'advance'),
    step(
      1,
      fc.record({ worker: pick, cause: fc.constantFrom('crashed' as const, 'released' as const) }),
      ({ worker, cause }) =>
        (w) =>
          w.takeBack(worker, cause),
      'takeBack',
    ),
    step(1, fc.constantFrom('reopen' as const, 'crash' as const), (how) => (w) => w.renew(how), 'renew'),
  );
}

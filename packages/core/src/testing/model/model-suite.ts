/**
 * Random sequences of the whole JobStore API, compared call by call with a reference that is too plain to be wrong.
 *
 * @module
 */
import type { Retention } from '../../engine/index';
import type { StoreUnderTest } from '../store-under-test';
import { describe, it, requireVitest } from '../vitest-api';
import { findFault } from './search';

/** What {@link modelSuite} needs. */
export interface ModelSuiteOptions {
  /** Heads the test, for example `MemoryStore`. */
  name: string;
  /** Makes a store of its own for each sequence, and one more to read its capabilities. */
  create: () => Promise<StoreUnderTest>;
  /** The module fast-check, version 4 or newer: `import * as fc from 'fast-check'`. */
  fc: typeof import('fast-check');
  /** How many sequences; 50 by default. `LEVIATHAN_MODEL_RUNS` in the environment counts instead. */
  runs?: number;
  /** How many calls a sequence has at most; 100 by default. */
  steps?: number;
  /** Makes the same sequences again. By default that of `LEVIATHAN_SEED`, or a random one; the name of the test tells it. */
  seed?: number;
  /** How long finished jobs stay in the store that `create` makes; `DEFAULT_RETENTION` of the engine by default. */
  retention?: Retention;
  /**
   * The connection to the store breaks now and then: a claim may then be given back and made again, which events and revisions show. With
   * that it is not compared how often a job changed, started and was released.
   */
  lossy?: boolean;
  /** Real milliseconds after which an answer that should have come counts as missing; 5,000 by default. */
  patience?: number;
  /** Real milliseconds for the whole test, a failing sequence made short included; 10 minutes by default. */
  timeout?: number;
}

/**
 * Registers the test in the test file that calls it: random sequences of calls, each compared with what the reference says of results, of
 * the whole state, and of what subscribers hear. A failing sequence is made as short as can be, and shown as a program.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check';
 *
 * modelSuite({
 *   name: 'MemoryStore',
 *   fc,
 *   create: async () => {
 *     const clock = new FakeClock();
 *     const store = new MemoryStore({ clock });
 *     return { store, clock, dispose: () => store.close() };
 *   },
 * });
 * ```
 * @throws Error when vitest is not installed.
 */
export function modelSuite(options: ModelSuiteOptions): void {
  requireVitest();
  const { name, timeout = 600_000 } = options;
  const runs = fromEnvironment('LEVIATHAN_MODEL_RUNS') ?? options.runs ?? 50;
  const seed = options.seed ?? fromEnvironment('LEVIATHAN_SEED') ?? Math.floor(Math.random() * 0x7fffffff);
  describe(`${name} does what the reference does`, () => {
    it(`in ${runs} random sequences of calls, from seed ${seed}`, { timeout }, async () => {
      const fault = await findFault(options, runs, seed);
      if (fault) throw new Error(fault.report, { cause: fault.error });
    });
  });
}

function fromEnvironment(name: string): number | undefined {
  const text = globalThis.process?.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}=${text} is no whole number of 1 or more.`);
  return value;
}

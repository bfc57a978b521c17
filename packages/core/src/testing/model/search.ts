/**
 * The search for a sequence of calls that a store does not take as the reference does.
 *
 * @module
 */
import { DEFAULT_RETENTION, type Retention } from '../../engine/index';
import type { StoreUnderTest } from '../store-under-test';
import { commandsOf } from './commands';
import type { Fc } from './drawer';
import type { Powers } from './powers';
import { World } from './world';

/** Real milliseconds for making a failing sequence shorter. */
const SHRINK_MS = 120_000;

/** What is searched. */
export interface SearchOptions {
  create: () => Promise<StoreUnderTest>;
  fc: Fc;
  steps?: number;
  retention?: Retention;
  lossy?: boolean;
  patience?: number;
}

/** What was found. */
export interface Fault {
  error: unknown;
  /** What is wrong, and the program that shows it. */
  report: string;
}

/** Runs so many sequences; undefined when the store takes them all as it should. */
export async function findFault(options: SearchOptions, runs: number, seed: number): Promise<Fault | undefined> {
  const { fc, create, retention = DEFAULT_RETENTION, steps = 100, patience = 5_000, lossy = false } = options;
  const powers = await powersOf(create, lossy);
  let last: { world: World; error: unknown } | undefined;
  let until = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(
    fc.commands(commandsOf(fc, powers), { maxCommands: steps, size: 'max' }),
    async (sequence) => {
      // Short enough.
      if (performance.now() > until) return;
      const under = await create();
      const world = new World({ under, laws: { timed: powers.time, lossy }, retention, patience });
      try {
        await attempt(under, async () => {
          await world.start();
          await fc.asyncModelRun(() => ({ model: world, real: world }), sequence);
          await world.finish();
        });
      } catch (error) {
        last = { world, error };
        until = Math.min(until, performance.now() + SHRINK_MS);
        throw error;
      }
    },
  );
  const { failed, numRuns, numShrinks } = await fc.check(property, { numRuns: runs, seed });
  if (!failed || !last) return undefined;
  const { error, world } = last;
  const how = `found in sequence ${numRuns} from seed ${seed}, made shorter ${numShrinks} times`;
  return { error, report: `${error instanceof Error ? error.message : error}\nafter\n${world.script}\n${how}` };
}

/** Disposes of the store whatever happens; what was wrong first is what counts. */
async function attempt(under: StoreUnderTest, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    await under.dispose().catch(() => {});
    throw error;
  }
  await under.dispose();
}

async function powersOf(create: () => Promise<StoreUnderTest>, lossy: boolean): Promise<Powers> {
  const under = await create();
  const { capabilities } = under.store;
  await under.dispose();
  return {
    time: under.clock !== undefined,
    second: capabilities.shared && under.second !== undefined,
    reopen: capabilities.persistent && under.reopen !== undefined,
    crash: capabilities.persistent && under.crash !== undefined,
    reorder: capabilities.reorder,
    dependencies: capabilities.dependencies,
    expiry: capabilities.expiry,
    crashPolicies: capabilities.crashPolicies,
    deadLetters: capabilities.deadLetters,
    uniqueModes: capabilities.uniqueModes,
    // Which jobs moved on since is not known where a claim may be made twice.
    audit: capabilities.audit && !lossy,
    text: capabilities.textSearch,
    resume: capabilities.resumableEvents,
    lossy,
  };
}

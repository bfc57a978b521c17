/**
 * What the suites need to know about a store.
 *
 * @module
 */
import type { JobStore } from '../store';
import type { FakeClock } from './fake-clock';

/** One fresh, empty store, and what can be done to it from outside. */
export interface StoreUnderTest {
  store: JobStore;
  /** The clock that the store was given; `undefined` where the time cannot be controlled (a server's clock): then short real times pass. */
  clock: FakeClock | undefined;
  /**
   * Closes the newest store on these jobs and opens the jobs anew; `meanwhile` is awaited while nobody has them open. Must be there when the
   * store claims to be `persistent`.
   */
  reopen?(meanwhile?: () => Promise<void>): Promise<JobStore>;
  /**
   * Opens the jobs as they are when the process is killed at this moment: nothing is closed or written first. For stores that claim
   * `persistent`, where a test can do it.
   */
  crash?(): Promise<JobStore>;
  /** Another instance on the same jobs, open at the same time. Must be there when the store claims to be `shared`. */
  second?(): Promise<JobStore>;
  /** Closes every instance and removes what is left. */
  dispose(): Promise<void>;
}

/** What not every store can do: the tests of it are skipped, with the reason, where the store does not claim it. */
export const FEATURES = [
  'fake-clock',
  'persistence',
  'shared',
  'reorder',
  'dependencies',
  'restore',
  'expiry',
  'ageing',
  'dead-letters',
  'crash-policies',
  'unique-modes',
  'text-search',
  'resumable-events',
  'definitions',
  'rules',
  'schedules',
  'audit',
  'history',
] as const;

/** One of {@link FEATURES}. */
export type Feature = (typeof FEATURES)[number];

/** A store, as the suite wants it. */
export interface StoreSuiteOptions {
  /** Heads the tests, for example `MemoryStore`. */
  name: string;
  /** Makes a store of its own for each test, and one more while the tests are collected, to read its capabilities. */
  create: () => Promise<StoreUnderTest>;
  /**
   * What this store cannot do. The suite fails when it skips anything else, or less: so a store that forgets to claim a feature, or a
   * suite that forgets to test it, does not pass in silence.
   */
  expectedSkips: Feature[];
  /** Real milliseconds after which an answer that should have come counts as missing; 5,000 by default. */
  patience?: number;
}

/** Why a feature's tests do not run, by what the store says of itself; features that it has are left out. */
export function lackingFeatures(under: StoreUnderTest): Map<Feature, string> {
  const { capabilities, capabilities: can } = under.store;
  const lacking = new Map<Feature, string>();
  const claim = (feature: Feature, has: boolean, reason: string): void => {
    if (!has) lacking.set(feature, `the ${capabilities.name} store ${reason}`);
  };
  claim('fake-clock', under.clock !== undefined, 'takes no clock');
  claim('persistence', can.persistent, 'does not claim `persistent`');
  claim('shared', can.shared, 'does not claim `shared`');
  claim('reorder', can.reorder, 'does not claim `reorder`');
  claim('dependencies', can.dependencies, 'does not claim `dependencies`');
  claim('restore', can.restore, 'does not claim `restore`');
  claim('expiry', can.expiry, 'does not claim `expiry`');
  claim('ageing', can.ageing, 'does not claim `ageing`');
  claim('dead-letters', can.deadLetters, 'does not claim `deadLetters`');
  claim('crash-policies', can.crashPolicies, 'does not claim `crashPolicies`');
  claim('unique-modes', can.uniqueModes, 'does not claim `uniqueModes`');
  claim('text-search', can.textSearch, 'does not claim `textSearch`');
  claim('resumable-events', can.resumableEvents, 'does not claim `resumableEvents`');
  claim('definitions', can.definitions, 'does not claim `definitions`');
  claim('rules', can.rules, 'does not claim `rules`');
  claim('schedules', can.schedules, 'does not claim `schedules`');
  claim('audit', can.audit, 'does not claim `audit`');
  claim('history', can.history, 'does not claim `history`');
  return lacking;
}

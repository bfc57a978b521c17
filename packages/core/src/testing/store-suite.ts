/**
 * The conformance suite of stores: every promise of `JobStore`, as tests.
 *
 * @module
 */
import { type Feature, lackingFeatures, type StoreSuiteOptions } from './store-under-test';
import { add } from './suite/add';
import { ageing } from './suite/ageing';
import { audit } from './suite/audit';
import { badInput } from './suite/bad-input';
import { changes } from './suite/change';
import { children } from './suite/children';
import { claim } from './suite/claim';
import { close } from './suite/close';
import { concurrency } from './suite/concurrency';
import { counts } from './suite/counts';
import { crashPolicies } from './suite/crash-policies';
import { deadLetters } from './suite/dead-letters';
import { definitions } from './suite/definitions';
import { dependencies } from './suite/dependencies';
import { events } from './suite/events';
import { exchange } from './suite/exchange';
import { expiry } from './suite/expiry';
import { explain } from './suite/explain';
import { history } from './suite/history';
import { keys } from './suite/keys';
import { list } from './suite/list';
import { moves } from './suite/move';
import { overlaps } from './suite/overlaps';
import { parentPolicies } from './suite/parent-policies';
import { pause } from './suite/pause';
import { persistence } from './suite/persistence';
import { report } from './suite/report';
import { restore } from './suite/restore';
import { retryFor } from './suite/retry-for';
import { rules } from './suite/rules';
import { schedules } from './suite/schedules';
import { scheduling } from './suite/scheduling';
import { settle } from './suite/settle';
import { steps } from './suite/steps';
import { storeTest } from './suite/store-test';
import { takeBack } from './suite/take-back';
import { time } from './suite/time';
import { trace } from './suite/trace';
import { undo } from './suite/undo';
import { unique } from './suite/unique';
import { windows } from './suite/windows';
import { describe, expect, it, requireVitest } from './vitest-api';

const CONCERNS = [
  add,
  keys,
  unique,
  expiry,
  ageing,
  retryFor,
  deadLetters,
  crashPolicies,
  claim,
  settle,
  report,
  steps,
  takeBack,
  changes,
  moves,
  list,
  counts,
  explain,
  pause,
  definitions,
  rules,
  scheduling,
  time,
].concat([
  schedules,
  overlaps,
  windows,
  trace,
  history,
  dependencies,
  parentPolicies,
  children,
  restore,
  exchange,
  events,
  close,
  persistence,
  concurrency,
  badInput,
  audit,
  undo,
]);

/**
 * Registers the tests that every `JobStore` must pass, in the test file that calls it. It reads the store's capabilities first,
 * skips (by name, with the reason) what the store does not claim, and fails when that is not exactly `expectedSkips`.
 *
 * @example
 * ```ts
 * storeSuite({
 *   name: 'MemoryStore',
 *   create: async () => {
 *     const clock = new FakeClock();
 *     const store = new MemoryStore({ clock });
 *     return { store, clock, dispose: () => store.close() };
 *   },
 *   expectedSkips: ['persistence', 'shared'],
 * });
 * ```
 * @throws Error when vitest is not installed.
 */
export function storeSuite(options: StoreSuiteOptions): void {
  requireVitest();
  // The capabilities are known only once there is a store: vitest waits for the callback.
  describe(`${options.name} is a JobStore`, async () => {
    const probe = await options.create();
    const lacking = lackingFeatures(probe);
    const { capabilities } = probe.store;
    const offers = { persistent: probe.reopen !== undefined, shared: probe.second !== undefined };
    await probe.dispose();

    const skipped = new Set<Feature>();
    const test = storeTest(options, lacking, skipped);
    for (const concern of CONCERNS) concern(test);

    it('is tested in all that it claims, and skips only what was expected', () => {
      for (const feature of skipped) console.info(`${options.name}: skipped ${feature}: ${lacking.get(feature)}`);
      expect([...skipped].sort()).toEqual([...options.expectedSkips].sort());
      if (capabilities.persistent) expect(offers.persistent, 'reopen() of a store that claims `persistent`').toBe(true);
      if (capabilities.shared) expect(offers.shared, 'second() of a store that claims `shared`').toBe(true);
    });
  });
}

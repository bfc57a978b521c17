/**
 * Helpers for tests: a clock under control, ways to run your own processors without waiting, and the conformance suite of stores.
 * The suite needs vitest; the rest works with any test runner.
 *
 * @module
 */
export type { DrainOptions } from './drain';
export { FakeClock } from './fake-clock';
export { type JobRun, type RunJobOptions, runJob } from './run-job';
export { storeSuite } from './store-suite';
export { FEATURES, type Feature, type StoreSuiteOptions, type StoreUnderTest } from './store-under-test';
export { TestLeviathan, type TestLeviathanOptions, testLeviathan } from './test-leviathan';

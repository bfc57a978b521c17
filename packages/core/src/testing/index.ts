/**
 * Helpers for tests: a clock under control, and the conformance suite of stores.
 *
 * @module
 */
export { FakeClock } from './fake-clock';
export { storeSuite } from './store-suite';
export { FEATURES, type Feature, type StoreSuiteOptions, type StoreUnderTest } from './store-under-test';

import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../memory-store';
import type { StoreCapabilities } from '../store';
import { FakeClock } from './fake-clock';
import { FEATURES, lackingFeatures } from './store-under-test';

const under = (capabilities: Partial<StoreCapabilities>, clock?: FakeClock) => {
  const store = new MemoryStore();
  Object.assign(store, { capabilities: { ...store.capabilities, ...capabilities } });
  return { store, clock, dispose: () => store.close() };
};

const NOTHING = {
  reorder: false,
  dependencies: false,
  restore: false,
  expiry: false,
  ageing: false,
  deadLetters: false,
  crashPolicies: false,
  uniqueModes: false,
  textSearch: false,
  resumableEvents: false,
};
const NO_RULES = { definitions: false, rules: false, schedules: false, history: false };

describe('lackingFeatures', () => {
  it('finds nothing lacking in a store that claims everything and takes a clock', () => {
    expect([
      ...lackingFeatures(under({ persistent: true, shared: true, audit: true }, new FakeClock())).keys(),
    ]).toEqual([]);
  });

  it('finds every feature lacking in a store that claims nothing, each with a reason that names the store', () => {
    const lacking = lackingFeatures(under({ ...NOTHING, ...NO_RULES, name: 'plain' }));
    expect([...lacking.keys()].sort()).toEqual([...FEATURES].sort());
    for (const reason of lacking.values()) expect(reason).toMatch(/^the plain store /);
  });
});

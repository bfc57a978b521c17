import * as fc from 'fast-check';
import { MemoryStore } from './memory-store';
import { FakeClock } from './testing/fake-clock';
import { modelSuite, rulesModelSuite } from './testing/model/index';

const MINUTE = 60_000;
const retention = {
  completed: { age: 30 * MINUTE, count: 4, bytes: 1_000 },
  failed: { age: 120 * MINUTE, count: 3, bytes: 1_000 },
};

modelSuite({
  name: 'MemoryStore',
  fc,
  runs: 120,
  retention,
  create: async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock, retention, audit: 10_000 });
    return { store, clock, dispose: () => store.close() };
  },
});

modelSuite({
  name: 'MemoryStore on the machine’s clock',
  fc,
  runs: 30,
  create: async () => {
    const store = new MemoryStore({ audit: 10_000 });
    return { store, clock: undefined, dispose: () => store.close() };
  },
});

rulesModelSuite({
  name: 'MemoryStore',
  fc,
  runs: 200,
  create: async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    return { store, clock, dispose: () => store.close() };
  },
});

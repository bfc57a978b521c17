import { MemoryStore } from './memory-store';
import { FakeClock } from './testing/fake-clock';
import { storeSuite } from './testing/store-suite';

storeSuite({
  name: 'MemoryStore',
  create: async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock, audit: 10_000 });
    return { store, clock, dispose: () => store.close() };
  },
  expectedSkips: ['persistence', 'shared'],
});

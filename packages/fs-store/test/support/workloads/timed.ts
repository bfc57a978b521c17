/** Workloads: what time does. */
import { failed } from '../world';
import { HOUR, jobs, type Workload } from './workload';

export const TIMED: readonly Workload[] = [
  {
    name: 'expiry',
    options: {},
    async run(world) {
      await world.start();
      const expiresAt = world.clock.now() + 1_000;
      await world.add([
        ...jobs('soon', 3, { expiresAt, deadLetter: 'dead' }),
        ...jobs('wanted', 2, { expiresAt }),
        ...jobs('ever', 1),
      ]);
      const [a, b] = await world.claim({ limit: 2, types: { a: 2 } });
      await world.change({ action: 'edit', patch: { expiresAt: null } }, { ids: ['wanted-0'] });
      await world.pass(2_000);
      if (a) await world.complete([a]);
      if (b) await world.settle([failed(b, 0)]);
      await world.change({ action: 'retry' }, { ids: ['wanted-1'] });
      await world.tidy();
      await world.complete(await world.claim({ limit: 2, types: { a: 2 } }));
      await world.close();
    },
  },
  {
    name: 'ageing',
    options: {},
    async run(world) {
      await world.start();
      await world.add([
        ...jobs('late', 2, { priority: 8, ageing: 1_000 }),
        ...jobs('old', 2, { priority: 7, ageing: 1_000 }),
        ...jobs('ever', 2, { priority: 4 }),
      ]);
      await world.pass(2_500);
      await world.tidy();
      await world.change({ action: 'reprioritise', priority: 9 }, { ids: ['old-1'] });
      await world.pass(2_000);
      const [a, b] = await world.claim({ limit: 2 });
      if (a) await world.settle([failed(a, 1_000)]);
      if (b) await world.complete([b]);
      await world.pass(3_000);
      await world.close();
      // Steps that nobody was there for.
      await world.pass(3_000);
      await world.start();
      await world.complete(await world.claim({ limit: 4 }));
      await world.add(jobs('job', 1));
      await world.close();
    },
  },
  {
    name: 'schedule',
    options: {},
    async run(world) {
      await world.start();
      await world.schedule('hourly', { every: HOUR, missed: 'all', job: { type: 'a', data: 'hourly' } });
      await world.pass(HOUR);
      await world.complete(await world.claim());
      await world.pass(HOUR);
      await world.tidy();
      await world.pass(HOUR);
      await world.complete(await world.claim());
      await world.close();
      // Slots that nobody was there for.
      await world.pass(2 * HOUR);
      await world.start();
      await world.complete(await world.claim({ limit: 2 }));
      await world.add(jobs('job', 1));
      await world.close();
    },
  },
];

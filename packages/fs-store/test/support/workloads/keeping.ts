/** Workloads: what a store does with its files over time. */
import { failed } from '../world';
import { HOUR, jobs, large, type Workload } from './workload';

export const KEEPING: readonly Workload[] = [
  {
    name: 'snapshot',
    options: { memoryBytes: 1_024 },
    async run(world) {
      await world.start();
      await world.add(large('early', 8, 120));
      await world.complete(await world.claim({ limit: 3 }));
      await world.tidy();
      const [held] = await world.claim();
      await world.change({ action: 'remove' }, { ids: ['early-0'] });
      await Promise.all([world.tidy(), world.add(jobs('meanwhile', 2))]);
      if (held) await world.complete([held]);
      await world.tidy();
      await world.reopen();
      await world.get(['early-5', 'early-2']);
      await world.complete(await world.claim({ limit: 2 }));
      await world.close();
    },
  },
  {
    name: 'rotation',
    options: { segmentBytes: 1_200, snapshotBytes: 3_000, memoryBytes: 1_024 },
    async run(world) {
      await world.start();
      for (let round = 0; round < 6; round++) {
        await world.add(large(`round${round}`, 3, 150));
        await world.complete(await world.claim({ limit: 2 }));
        await world.get([`round${round}-0`, `round${round}-2`]);
      }
      await world.change({ action: 'remove' }, { filter: { status: 'completed' } });
      await world.tidy();
      await world.close();
      await world.start();
      await world.get(['round5-2']);
      await world.close();
    },
  },
  {
    name: 'archive',
    options: { retention: { completed: { count: 2, age: HOUR }, failed: { count: 1, age: HOUR } } },
    async run(world) {
      await world.start();
      await world.add(jobs('job', 8, { maxAttempts: 1 }));
      const claimed = await world.claim({ limit: 7 });
      await world.complete(claimed.slice(0, 5));
      await world.settle(claimed.slice(5).map((job) => failed(job)));
      await world.pass(1_000);
      await world.pass(2 * HOUR);
      await world.add(jobs('next', 2));
      await world.complete(await world.claim({ limit: 3 }));
      await world.pass(60_000);
      await world.close();
      // The days are over: they are compressed, and next to them grows a new one.
      await world.pass(72 * HOUR);
      await world.start();
      await world.untilPacked();
      await world.add(jobs('late', 3));
      await world.complete(await world.claim({ limit: 3 }));
      await world.close();
    },
  },
  {
    name: 'reopen',
    options: { memoryBytes: 512 },
    async run(world) {
      await world.start();
      await world.add(large('job', 6, 100));
      await world.claim({ limit: 2 });
      await world.reopen();
      await world.get(['job-0', 'job-5']);
      const [a] = await world.claim();
      if (a) await world.report([{ id: a.job.id, token: a.token, progress: 50 }]);
      await world.reopen();
      await world.complete(await world.claim({ limit: 3 }));
      await world.get(['job-0', 'job-5']);
      await world.reopen();
      await world.close();
    },
  },
];

/** Workloads: new jobs. */
import { HOUR, jobs, type Workload } from './workload';

export const ADDING: readonly Workload[] = [
  {
    name: 'first',
    options: {},
    isFirst: true,
    async run(world) {
      await world.start();
      await world.add(jobs('job', 2));
      await world.close();
    },
  },
  {
    name: 'impatient',
    options: {},
    isImpatient: true,
    async run(world) {
      await world.start();
      const [held] = (await world.add(jobs('job', 2))).length > 0 ? await world.claim() : [];
      const calls = [world.add(jobs('last', 2)), held ? world.complete([held]) : undefined];
      await world.close();
      await Promise.all(calls);
    },
  },
  {
    name: 'add',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('one', 1));
      await world.add([
        { id: 'parent', type: 'a', data: null, key: 'k' },
        { id: 'child', type: 'b', data: 'ü', dependsOn: ['parent'], tags: ['t'], priority: 2 },
      ]);
      // Several calls of one turn share a write.
      await Promise.all([world.add(jobs('x', 2)), world.add(jobs('y', 1)), world.add(jobs('z', 1))]);
      await world.add([{ id: 'again', type: 'a', data: null, key: 'k' }]);
      await world.add(jobs('one', 1), { onDuplicate: 'reject' });
      await world.add([{ id: 'later', type: 'a', data: null, runAt: world.clock.now() + HOUR }]);
      await world.close();
    },
  },
];

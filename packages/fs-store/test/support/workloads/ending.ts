/** Workloads: jobs that fail for good, or whose process died. */
import { failed } from '../world';
import { jobs, type Workload } from './workload';

export const ENDING: readonly Workload[] = [
  {
    name: 'dead-letters',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 4, { maxAttempts: 1, deadLetter: 'dead', tags: ['t'] }));
      const [a, b] = await world.claim({ limit: 2, types: { a: 2 } });
      if (a && b) await world.settle([failed(a), failed(b)]);
      await world.change({ action: 'cancel' }, { ids: ['job-3'] });
      await world.change({ action: 'redrive', limit: 1 }, { filter: { type: 'dead' } });
      await world.settle((await world.claim({ limit: 2, types: { a: 2 } })).map((job) => failed(job)));
      await world.tidy();
      await world.change({ action: 'redrive' }, { filter: { type: 'dead' } });
      await world.complete(await world.claim({ types: { a: 1 } }));
      await world.close();
    },
  },
  {
    name: 'held',
    options: {},
    async run(world) {
      await world.start();
      await world.add([
        ...jobs('hold', 3, { onCrash: 'hold' }),
        ...jobs('fail', 1, { onCrash: 'fail', deadLetter: 'dead' }),
        ...jobs('resume', 1, { onCrash: 'resume' }),
      ]);
      await world.claim({ limit: 5, types: { a: 5 } });
      await world.takeBack(['w1'], 'crashed');
      await world.change({ action: 'approve' }, { ids: ['hold-0'] });
      await world.change({ action: 'cancel' }, { ids: ['hold-2'] });
      await world.complete(await world.claim({ types: { a: 1 } }));
      await world.tidy();
      await world.reopen();
      await world.complete(await world.claim({ limit: 2, types: { a: 2 } }));
      await world.change({ action: 'approve' }, { filter: {} });
      // The next one who looks at them comes after the crash.
      await world.claim({ types: { a: 1 } });
      await world.close();
    },
  },
  {
    name: 'unique',
    options: { memoryBytes: 256 },
    async run(world) {
      await world.start();
      const add = (id: string, data: number[], unique: 'merge' | 'replace' | 'rerun', priority?: number) =>
        world.add([{ id, type: 'a', data, key: 'k', unique, ...(priority !== undefined && { priority, tags: [id] }) }]);
      await add('first', [1], 'merge');
      await add('second', [2], 'merge');
      await add('third', [3, 3], 'replace', 2);
      const [running] = await world.claim();
      await add('fourth', [4], 'replace');
      await add('fifth', [5], 'rerun');
      await add('sixth', [6], 'merge');
      await world.tidy();
      await add('seventh', [7], 'merge');
      if (running) await world.settle([failed(running)]);
      await add('eighth', [8], 'rerun', 4);
      await world.complete(await world.claim());
      await add('ninth', [9], 'rerun');
      await world.close();
    },
  },
];

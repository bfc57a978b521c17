/** Workloads: changes of jobs. */
import { failed } from '../world';
import { jobs, large, type Workload } from './workload';

export const CHANGING: readonly Workload[] = [
  {
    name: 'change',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('a', 4, { tags: ['odd'] }));
      await world.add(jobs('b', 4, { type: 'b' }));
      await world.change({ action: 'reprioritise', priority: 2 }, { filter: { tags: ['odd'] } });
      await world.change({ action: 'edit', patch: { data: { new: 1 }, tags: ['x'] } }, { ids: ['a-1'] });
      await world.change({ action: 'move', target: { to: 'top' } }, { ids: ['b-3', 'b-2'] });
      await world.change({ action: 'move', target: { after: 'a-0' } }, { ids: ['b-0'] });
      await world.pause(true, { type: 'b' });
      await world.complete(await world.claim({ limit: 2 }));
      await world.change({ action: 'remove' }, { filter: { type: 'b' } });
      await world.change({ action: 'remove' }, { filter: { status: 'completed' } });
      await world.pause(false, { type: 'b' });
      await world.close();
    },
  },
  {
    name: 'undo',
    options: { memoryBytes: 512 },
    async run(world) {
      await world.start();
      await world.add(jobs('job', 5, { maxAttempts: 1, tags: ['t'] }));
      await world.settle((await world.claim()).map((job) => failed(job)));
      const removed = await world.change({ action: 'remove' }, { filter: { tags: ['t'] } });
      await world.tidy();
      await world.undo(removed);
      const cancelled = await world.change({ action: 'cancel' }, { ids: ['job-3', 'job-4'] });
      await world.undo(cancelled);
      const edit = { data: { of: 'edit' }, priority: 2, tags: ['u'] };
      const edited = await world.change({ action: 'edit', patch: edit }, { ids: ['job-1', 'job-2'] });
      const moved = await world.change({ action: 'move', target: { to: 'top' } }, { ids: ['job-4', 'job-3'] });
      await world.complete(await world.claim());
      await world.undo(moved);
      await world.undo(edited);
      await world.undo(await world.change({ action: 'retry' }, { ids: ['job-0'] }));
      await world.reopen();
      await world.get(['job-0', 'job-1', 'job-2']);
      await world.close();
    },
  },
  {
    name: 'bulk',
    options: { memoryBytes: 4_096, pendingFiles: 20 },
    async run(world) {
      await world.start();
      await world.add(large('bulk', 60, 200));
      await world.complete(await world.claim({ limit: 25 }));
      await world.change({ action: 'cancel' }, { filter: { status: 'pending', text: 'ccc' } });
      await world.get(['bulk-40', 'bulk-59']);
      await world.close();
    },
  },
];

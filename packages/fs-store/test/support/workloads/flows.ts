/** Workloads: jobs that depend on others. */
import type { ChildPolicy, ClaimedJob, JobSpec, NewChildren, ParentPolicy, Settlement } from '@leviathan/core';
import { failed } from '../world';
import { jobs, type Workload } from './workload';

export const FLOWS: readonly Workload[] = [
  {
    name: 'flow',
    options: {},
    async run(world) {
      await world.start();
      const after = (id: string, onParentFailed: ParentPolicy, ...dependsOn: string[]): JobSpec => ({
        ...{ id, type: 'b', data: id, dependsOn, onParentFailed },
      });
      await world.add([
        ...jobs('parent', 3, { maxAttempts: 1 }),
        after('fails', 'fail', 'parent-0', 'parent-1'),
        after('goes-on', 'continue', 'parent-0'),
        after('skipped', 'skip', 'parent-0'),
        after('last', 'fail', 'fails', 'skipped'),
        after('end', 'wait', 'skipped'),
        after('waits', 'wait', 'parent-2'),
      ]);
      const [first] = await world.claim({ types: { a: 1 } });
      if (first) await world.settle([failed(first)]);
      await world.add([after('late', 'skip', 'parent-0')]);
      await world.complete(await world.claim({ limit: 2, types: { b: 2 } }));
      await world.change({ action: 'retry' }, { ids: ['parent-0', 'fails'] });
      await world.change({ action: 'cancel' }, { ids: ['parent-1'] });
      await world.change({ action: 'remove' }, { ids: ['parent-2'] });
      await world.complete(await world.claim({ types: { a: 1 } }));
      await world.close();
    },
  },
  {
    name: 'children',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('whole', 2));
      const [a, b] = await world.claim({ limit: 2 });
      const parts = (name: string, onChildFailed: ChildPolicy): NewChildren => ({
        ...{ name, onChildFailed, jobs: jobs(name, 2, { type: 'b', maxAttempts: 1 }) },
      });
      const waiting = ({ job, token }: ClaimedJob, children: NewChildren): Settlement => ({
        ...{ id: job.id, token, outcome: 'waiting', children },
      });
      if (a && b) await world.settle([waiting(a, parts('kept', 'wait')), waiting(b, parts('lost', 'fail'))]);
      const [first, second, third, fourth] = await world.claim({ limit: 4, types: { b: 4 } });
      if (first && third) await world.complete([first, third]);
      if (fourth) await world.settle([failed(fourth)]);
      if (second) await world.complete([second]);
      const [again] = await world.claim();
      if (again) await world.settle([waiting(again, parts('more', 'continue'))]);
      await world.settle((await world.claim({ limit: 2, types: { b: 2 } })).map((job) => failed(job)));
      await world.complete(await world.claim());
      await world.close();
    },
  },
  {
    name: 'callbacks',
    options: {},
    async run(world) {
      await world.start();
      const after = (id: string, ...dependsOn: string[]): JobSpec => ({
        ...{ id, type: 'b', data: id, dependsOn, onParentFailed: 'only' },
      });
      await world.add([
        ...jobs('job', 3, { maxAttempts: 1 }),
        after('alarm', 'job-0', 'job-1'),
        after('quiet', 'job-1', 'job-2'),
        after('behind', 'quiet'),
      ]);
      const [first, second, third] = await world.claim({ limit: 3 });
      if (first) await world.settle([failed(first)]);
      if (second) await world.complete([second]);
      await world.complete(await world.claim({ types: { b: 1 } }));
      if (third) await world.complete([third]);
      await world.add([after('late', 'job-1')]);
      await world.close();
    },
  },
];

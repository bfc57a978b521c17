/** Workloads: jobs that are started, and what becomes of them. */
import { completed, failed } from '../world';
import { jobs, type Workload } from './workload';

export const RUNNING: readonly Workload[] = [
  {
    name: 'claim',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 4));
      await world.claim();
      await world.claim({ worker: 'w2', limit: 2, types: { a: 2 } });
      await world.claim({ worker: 'w2', limit: 9 });
      const waiting = world.claim({ worker: 'w3', wait: true });
      await world.add(jobs('late', 2));
      await Promise.race([waiting, world.site.until(async () => (await world.store.counts()).pending < 2)]);
      await world.close();
      await waiting;
    },
  },
  {
    name: 'settle',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 6, { maxAttempts: 2 }));
      const [a, b, c, d, e] = await world.claim({ limit: 5 });
      if (a) await world.settle([completed(a)]);
      if (b && c) await world.settle([failed(b), failed(c, 1_000)]);
      if (d) await world.settle([{ id: d.job.id, token: d.token, outcome: 'released' }]);
      if (a) await world.settle([completed(a)]);
      await world.pass(2_000);
      await world.complete(await world.claim({ limit: 2 }));
      if (e) await Promise.all([world.settle([completed(e)]), world.add(jobs('more', 1))]);
      await world.close();
    },
  },
  {
    name: 'report',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 2));
      const [a, b] = await world.claim({ limit: 2 });
      if (a) {
        const { id } = a.job;
        const at = new Date(world.clock.now()).toISOString();
        await world.report([{ id, token: a.token, progress: 40, logs: [{ at, level: 'info', message: 'on' }] }]);
        await world.report([{ id, token: a.token, checkpoint: { offset: 7 } }]);
        await world.report([{ id, token: a.token, step: { name: 'fetched', result: { size: 7 } } }]);
        await world.pass(1_500);
        await world.report([{ id, token: a.token, stuck: true }]);
      }
      if (b) await world.report([{ id: b.job.id, token: b.token, progress: 10 }]);
      await world.pass(1_500);
      if (a) await world.settle([failed(a, 0)]);
      await world.close();
    },
  },
  {
    name: 'retry',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 3, { maxAttempts: 1 }));
      await world.settle((await world.claim({ limit: 3 })).map((job) => failed(job)));
      await world.change({ action: 'retry' }, { ids: ['job-0'] });
      await world.change({ action: 'retry' }, { filter: { status: 'failed' } });
      await world.settle((await world.claim({ limit: 2 })).map((job) => failed(job)));
      await world.complete(await world.claim());
      await world.change({ action: 'retry' }, { filter: { reason: 'error' } });
      await world.close();
    },
  },
  {
    name: 'cancel',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 4));
      const [a] = await world.claim();
      await world.change({ action: 'cancel' }, { ids: ['job-3', 'job-2'] });
      await world.change({ action: 'cancel' }, { ids: ['job-0'] });
      if (a) {
        const error = { name: 'CancelledError', message: 'cancelled' };
        await world.settle([{ id: a.job.id, token: a.token, outcome: 'failed', error, reason: 'cancelled' }]);
      }
      await world.change({ action: 'cancel' }, { filter: { status: 'pending' } });
      await world.close();
    },
  },
];

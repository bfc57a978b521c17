/** Workloads: other processes, other programs, and people. */
import { failed } from '../world';
import { jobs, type Workload } from './workload';

export const OUTSIDE: readonly Workload[] = [
  {
    name: 'takeover',
    options: {},
    async run(world) {
      const owner = await world.start();
      await world.add(jobs('job', 5));
      const client = await world.start();
      const [mine] = await world.claim({ worker: 'client' }, client);
      const [theirs] = await world.claim({ worker: 'owner' }, owner);
      await world.add(jobs('through', 2), undefined, client);
      if (theirs) await world.complete([theirs], owner);
      await world.claim({ worker: 'owner' }, owner);
      await world.close(owner);
      // From here on the client is the owner, and its job is still its own.
      await world.add(jobs('after', 2), undefined, client);
      if (mine) await world.complete([mine], client);
      await world.complete(await world.claim({ worker: 'client', limit: 2 }, client), client);
      await world.close(client);
    },
  },
  {
    name: 'inbox',
    options: {},
    async run(world) {
      await world.start();
      world.drop('named.json', '{"type":"a","data":{"n":1},"id":"named","tags":["hand"]}');
      world.drop('plain.json', '{"type":"a","data":[1,2]}');
      world.drop('wrong.json', '{"type":"a"}');
      await world.untilTaken();
      await world.add(jobs('job', 1));
      world.drop('second.json', '{"type":"b","data":null,"id":"second","dependsOn":["named"]}');
      world.drop('twin.json', '{"type":"a","data":0,"id":"job-0"}');
      await world.untilTaken();
      await world.complete(await world.claim({ limit: 2 }));
      await world.close();
      world.drop('closed.json', '{"type":"a","data":"while closed","id":"closed"}');
      await world.start();
      await world.untilTaken();
      await world.close();
    },
  },
  {
    name: 'hands',
    options: {},
    async run(world) {
      await world.start();
      await world.add(jobs('job', 4, { maxAttempts: 1 }));
      await world.settle((await world.claim()).map((job) => failed(job)));
      await world.tidy();
      await world.untilShown('job-0', 'failed');
      world.move('job-0', 'failed', 'pending');
      world.move('job-1', 'pending', 'failed');
      world.remove('job-2', 'pending');
      await world.site.until(async () => {
        const [a, b, c] = await world.store.get(['job-0', 'job-1', 'job-2']);
        return a?.status === 'pending' && b?.status === 'failed' && c?.status === 'failed';
      });
      await world.tidy();
      await world.close();
    },
  },
];

/**
 * Workloads: each drives a store through one part of what it does, the same way each time, and goes on whatever is refused. The crash
 * explorer takes the disk apart under them, the fault injector makes their system calls fail.
 *
 * @module
 */
import type { ChildPolicy, ClaimedJob, JobSpec, NewChildren, ParentPolicy, Settlement } from '@leviathan/core';
import type { FsStoreOptions } from '../../src/options';
import { completed, failed, World } from './world';

/** See the module. */
export interface Workload {
  name: string;
  /** What its stores must be told; the site adds files, clock and durability. */
  options: FsStoreOptions;
  /** Nothing was there before: not even an empty store that was opened once. */
  isFirst?: true;
  /** It closes the store while calls wait: that must come to an end although the disk does not get better. */
  isImpatient?: true;
  /** Opens what it needs and closes it again. */
  run(world: World): Promise<void>;
}

const HOUR = 60 * 60 * 1_000;

/** Jobs with ids of their own, `<name>-0` and so on. */
function jobs(name: string, count: number, spec: Partial<JobSpec> = {}): JobSpec[] {
  return Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, type: 'a', data: { of: name, n }, ...spec }));
}

/** As {@link jobs}, with data of about so many bytes each. */
function large(name: string, count: number, bytes: number): JobSpec[] {
  return jobs(name, count).map((spec, n) => ({
    ...spec,
    data: { n, text: String.fromCharCode(97 + (n % 26)).repeat(bytes) },
  }));
}

const list: Workload[] = [
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

/** All of them. */
export const WORKLOADS: readonly Workload[] = list;

/** Runs one on a site, to its end. */
export async function runWorkload(workload: Workload, site: World['site']): Promise<World> {
  const world = new World(site, workload.options);
  await workload.run(world);
  return world;
}

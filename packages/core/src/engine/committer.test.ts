import { expect, it } from 'vitest';
import type { StoreEvent } from '../store';
import { FakeClock } from '../testing/fake-clock';
import { Committer } from './committer';
import { EventHub } from './event-hub';
import { JobTable } from './job-table';
import type { StoreRecord } from './records';

/** A commit log whose syncs end when, and in the order in which, the test says so. */
function rig() {
  const clock = new FakeClock();
  const table = new JobTable();
  const hub = new EventHub(() => clock.now());
  const told: string[] = [];
  hub.subscribe({}, (events) => told.push(...events.map(({ kind, id }) => `${kind} ${id}`)), 0);
  const syncs: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let instant = false;
  const synced = (): Promise<void> | undefined =>
    instant ? undefined : new Promise((resolve, reject) => syncs.push({ resolve, reject }));
  let full = (_record: StoreRecord): boolean => false;
  const write = (records: StoreRecord[]): void => {
    if (records.some(full)) throw new Error('the disk is full');
  };
  const committer = new Committer(table, hub, { write, synced }, clock, () => {}, { read: () => 'null' });
  return {
    told,
    table,
    committer,
    refuse: (isRefused: typeof full) => {
      full = isRefused;
    },
    syncs,
    add: (id: string) => {
      const job = { id, type: 'a', priority: 5, maxAttempts: 3, maxCrashes: 3 };
      committer.commit([[{ op: 'add', job, body: 'null' }]])?.catch(() => {});
    },
    tell: (id: string) => {
      const event: StoreEvent = { seq: table.seq, at: '', kind: 'progress', id };
      hub.push(event);
      committer.tell()?.catch(() => {});
    },
    syncsAtOnce: () => {
      instant = true;
    },
    settle: () => clock.settle(),
  };
}

it('tells events in the order in which they happened, whichever sync ends first', async () => {
  const { add, tell, told, syncs, settle } = rig();
  add('one');
  tell('one');
  add('two');
  syncs[2]?.resolve();
  await settle();
  expect(told).toEqual([]);
  syncs[1]?.resolve();
  syncs[0]?.resolve();
  await settle();
  expect(told).toEqual(['added one', 'progress one', 'added two']);
});

it('lets nothing overtake an event that waits for its sync', async () => {
  const { add, tell, told, syncs, syncsAtOnce, settle } = rig();
  add('one');
  syncsAtOnce();
  tell('one');
  await settle();
  expect(told).toEqual([]);
  syncs[0]?.resolve();
  await settle();
  expect(told).toEqual(['added one', 'progress one']);
});

it('tells what comes behind an event whose sync failed', async () => {
  const { add, told, syncs, settle } = rig();
  add('one');
  add('two');
  syncs[1]?.resolve();
  await settle();
  syncs[0]?.reject(new Error('the disk is gone'));
  await settle();
  expect(told).toEqual(['added two']);
});

it('records later what becomes of a child when it cannot be written with the failure of its parent', async () => {
  const { committer, table, refuse, settle, told, syncsAtOnce } = rig();
  syncsAtOnce();
  const head = { type: 'a', priority: 5, maxAttempts: 3, maxCrashes: 3 };
  const child = { ...head, id: 'child', dependsOn: ['parent'], onParentFailed: 'fail' as const };
  committer.commit([
    { op: 'add', job: { ...head, id: 'parent' }, body: 'null' },
    { op: 'add', job: child, body: 'null' },
  ]);
  refuse(({ op, ...rest }) => op === 'fail' && 'id' in rest && rest.id === 'child');
  committer.commit([{ op: 'fail', id: 'parent', reason: 'cancelled' }]);
  expect(table.entries.get('parent')?.status).toBe('failed');
  expect(table.entries.get('child')?.place).toBe('blocked');
  expect(table.dependencies.hasWork).toBe(true);
  refuse(() => false);
  committer.commit([]);
  expect(table.entries.get('child')).toMatchObject({ status: 'failed', run: { reason: 'dependency' } });
  expect(table.dependencies.hasWork).toBe(false);
  await settle();
  expect(told).toEqual(['added parent', 'added child', 'failed parent', 'failed child', 'drained undefined']);
});

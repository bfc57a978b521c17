import { expect, it } from 'vitest';
import type { StoreEvent } from '../store';
import { FakeClock } from '../testing/fake-clock';
import { Committer } from './committer';
import { EventHub } from './event-hub';
import { JobTable } from './job-table';

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
  const committer = new Committer(table, hub, { write: () => {}, synced }, clock, () => {});
  return {
    told,
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

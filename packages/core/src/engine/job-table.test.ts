import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JOB_STATUSES, type JobStatus } from '../job';
import { compareQueueOrder, type Entry, type Place } from './entry';
import { JobTable } from './job-table';
import type { RecordDraft, StoreRecord } from './records';
import { allows, type JobOp, TRANSITIONS } from './transitions';

const ERROR = { at: '2026-01-01T00:00:00.000Z', attempt: 1, name: 'Error', message: 'no' };

const draft = (id: number): fc.Arbitrary<RecordDraft> => {
  const job = { id: `j${id}`, type: `t${id % 3}`, priority: (id % 10) + 1, maxAttempts: 3, maxCrashes: 3 };
  return fc.oneof(
    fc.constant<RecordDraft>({ op: 'add', job: { ...job }, body: `{"n":${id}}` }),
    fc.constant<RecordDraft>({ op: 'add', job: { ...job, runAt: 1_000 + id }, body: 'null' }),
    fc.constant<RecordDraft>({ op: 'add', job: { ...job, key: `k${id % 4}`, tags: ['a'] }, body: 'null' }),
    fc
      .integer({ min: 0, max: 20 })
      .map<RecordDraft>((parent) => ({ op: 'add', job: { ...job, dependsOn: [`j${parent}`] }, body: 'null' })),
    fc.integer({ min: 0, max: 2 }).map<RecordDraft>((worker) => ({ op: 'start', id: job.id, worker: `w${worker}` })),
    fc.constantFrom<RecordDraft>(
      { op: 'complete', id: job.id, body: '"done"' },
      { op: 'retry', id: job.id, cause: 'failed', error: ERROR, runAt: 5_000 },
      { op: 'retry', id: job.id, cause: 'crashed', error: ERROR },
      { op: 'retry', id: job.id, cause: 'manual' },
      { op: 'fail', id: job.id, reason: 'error', error: ERROR },
      { op: 'release', id: job.id },
      { op: 'await', id: job.id, name: 'parts', children: [`j${(id * 7) % 21}`, 'gone'], onChildFailed: 'continue' },
      { op: 'report', id: job.id, progress: 40 },
      { op: 'checkpoint', id: job.id, body: '{"at":3}' },
      { op: 'step', id: job.id, name: 'one', body: '1' },
      { op: 'cancel', id: job.id },
      { op: 'edit', id: job.id, patch: { priority: 1, runAt: null }, body: '' },
      { op: 'restore', id: job.id, job: { status: 'pending', priority: 3, order: 7, maxAttempts: 2 }, body: '' },
      {
        op: 'restore',
        id: job.id,
        job: { status: 'failed', priority: 3, order: id, maxAttempts: 2, tags: ['b'], reason: 'error', finished: 4 },
        body: '"before"',
      },
      { op: 'remove', id: job.id, why: 'removed' },
      { op: 'refuse', id: job.id, token: '1', outcome: 'completed' },
    ),
  );
};

const history = fc.array(fc.integer({ min: 0, max: 20 }).chain(draft), { maxLength: 300 });

function play(drafts: RecordDraft[]): { table: JobTable; records: StoreRecord[] } {
  const table = new JobTable();
  const records: StoreRecord[] = [];
  for (const [i, one] of drafts.entries()) {
    const record = { seq: i + 1, at: i * 10, ...structuredClone(one) } as StoreRecord;
    records.push(structuredClone(record));
    table.apply(record);
  }
  return { table, records };
}

/** Where an entry must stand, from its own fields alone. */
function placeOf(table: JobTable, entry: Entry): Place {
  if (entry.status !== 'pending') return entry.status;
  const { waitingFor } = entry.extra ?? {};
  if (waitingFor) {
    expect(waitingFor.size).toBeGreaterThan(0);
    for (const parent of waitingFor) expect(table.dependencies.dependents.get(parent)?.has(entry)).toBe(true);
    return 'blocked';
  }
  return entry.runAt > 0 ? 'scheduled' : 'ready';
}

describe('JobTable', () => {
  it('holds each job in exactly the structures that its fields ask for, whatever happened', () => {
    fc.assert(
      fc.property(history, (drafts) => {
        const { table } = play(drafts);
        const counted = new Map<string, number>();
        for (const entry of table.entries.values()) {
          const place = placeOf(table, entry);
          expect(entry.place).toBe(place);
          counted.set(place, (counted.get(place) ?? 0) + 1);
          expect(table.ready.get(entry.type)?.has(entry) ?? false).toBe(place === 'ready');
          expect(table.scheduled.has(entry)).toBe(place === 'scheduled');
          expect(table.byWorker.get(entry.run?.worker ?? '')?.has(entry) ?? false).toBe(place === 'active');
          expect(table.finished.completed.has(entry)).toBe(place === 'completed');
          expect(table.finished.failed.has(entry)).toBe(place === 'failed');
        }
        for (const [place, count] of Object.entries(table.counts.total)) expect(counted.get(place) ?? 0).toBe(count);
        for (const [key, holder] of table.keys) {
          expect(holder.extra?.key).toBe(key);
          expect(['pending', 'active']).toContain(holder.status);
        }
        expect([...table.entries.ascending()]).toHaveLength(table.size);
        expect(table.textSize).toBe([...table.entries.values()].reduce((sum, { size }) => sum + size, 0));
        for (const status of ['completed', 'failed'] as const) {
          const sizes = [...table.finished[status]].map((entry) => entry.size);
          expect(table.finishedSize[status]).toBe(sizes.reduce((sum, size) => sum + size, 0));
        }
        for (const tree of table.ready.values()) {
          const entries = tree.keysArray();
          expect(entries).toEqual([...entries].sort(compareQueueOrder));
        }
      }),
    );
  });

  it('comes to the same state by a replay of its history, also one that starts in the middle of what it has seen', () => {
    fc.assert(
      fc.property(history, fc.nat(), (drafts, cut) => {
        const { table, records } = play(drafts);
        const replayed = new JobTable();
        for (const record of records) replayed.apply(structuredClone(record));
        expect([...replayed.entries.values()]).toEqual([...table.entries.values()]);
        // Everything it holds has been applied: applying the end of the history again changes nothing but what had left already.
        const before = JSON.stringify([...table.entries.values()]);
        const ids = new Set(table.entries.keys());
        for (const record of records.slice(cut % (records.length + 1))) {
          if (record.op !== 'add' && 'id' in record && ids.has(record.id)) table.apply(structuredClone(record));
        }
        expect(JSON.stringify([...table.entries.values()])).toBe(before);
      }),
    );
  });

  it('makes no transition that the table of transitions does not have', () => {
    const path: Record<JobStatus, RecordDraft[]> = {
      pending: [],
      active: [{ op: 'start', id: 'j0', worker: 'w' }],
      completed: [
        { op: 'start', id: 'j0', worker: 'w' },
        { op: 'complete', id: 'j0', body: '' },
      ],
      failed: [{ op: 'fail', id: 'j0', reason: 'cancelled' }],
    };
    const sample: Record<Exclude<JobOp, 'add'>, RecordDraft> = {
      start: { op: 'start', id: 'j0', worker: 'w' },
      complete: { op: 'complete', id: 'j0', body: '' },
      skip: { op: 'skip', id: 'j0', parent: 'p' },
      retry: { op: 'retry', id: 'j0', cause: 'manual' },
      fail: { op: 'fail', id: 'j0', reason: 'error' },
      release: { op: 'release', id: 'j0' },
      await: { op: 'await', id: 'j0', name: 'parts', children: ['j1'] },
      report: { op: 'report', id: 'j0', progress: 1 },
      checkpoint: { op: 'checkpoint', id: 'j0', body: '1' },
      step: { op: 'step', id: 'j0', name: 'one', body: '' },
      cancel: { op: 'cancel', id: 'j0' },
      edit: { op: 'edit', id: 'j0', patch: { priority: 1 }, body: '' },
      restore: { op: 'restore', id: 'j0', job: { status: 'pending', priority: 1, order: 1, maxAttempts: 1 }, body: '' },
      remove: { op: 'remove', id: 'j0', why: 'removed' },
      refuse: { op: 'refuse', id: 'j0', token: '0', outcome: 'completed' },
    };
    for (const status of JOB_STATUSES) {
      for (const [op, record] of Object.entries(sample) as [Exclude<JobOp, 'add'>, RecordDraft][]) {
        const job = { id: 'j0', type: 't', priority: 5, maxAttempts: 3, maxCrashes: 3 };
        const { table } = play([{ op: 'add', job, body: 'null' }, ...path[status]]);
        const applied = table.apply({ seq: table.seq + 1, at: 0, ...record } as StoreRecord);
        expect(applied).toBe(allows(op, status));
        const { to } = TRANSITIONS[op];
        const after = table.entries.get('j0')?.status ?? null;
        if (!applied || to === undefined) expect(after).toBe(status);
        else expect([to].flat()).toContain(after);
      }
    }
  });

  it('releases a dependent whose parent completed and left the store before the dependent was looked at again', () => {
    const job = (id: string, dependsOn?: string[]) => ({
      id,
      type: 't',
      priority: 5,
      maxAttempts: 3,
      maxCrashes: 3,
      ...(dependsOn && { dependsOn }),
    });
    const { table } = play([
      { op: 'add', job: job('parent'), body: 'null' },
      { op: 'add', job: job('child', ['parent']), body: 'null' },
      { op: 'start', id: 'parent', worker: 'w' },
      { op: 'complete', id: 'parent', body: '' },
      { op: 'remove', id: 'parent', why: 'archived' },
      { op: 'start', id: 'child', worker: 'w' },
      { op: 'retry', id: 'child', cause: 'failed', error: ERROR },
    ]);
    expect(table.entries.get('child')?.place).toBe('ready');
  });
});

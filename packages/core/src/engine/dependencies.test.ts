import { describe, expect, it } from 'vitest';
import type { EntryExtra } from './entry';
import { JobTable } from './job-table';
import type { JobHead, RecordDraft, StoreRecord } from './records';

const head = (id: string, more: Partial<JobHead> = {}): JobHead => ({
  ...{ id, type: 't', priority: 5, maxAttempts: 1, maxCrashes: 1 },
  ...more,
});
const names = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name}-${n}`);

/** A table, and how to make something happen in it. */
function tableOf(...heads: JobHead[]) {
  const table = new JobTable();
  const happen = (...drafts: RecordDraft[]): void => {
    for (const draft of drafts) table.apply({ ...draft, seq: table.seq + 1, at: 0 } as StoreRecord);
  };
  happen(...heads.map((job): RecordDraft => ({ op: 'add', job, body: 'null' })));
  const complete = (id: string): void => happen({ op: 'start', id, worker: 'w' }, { op: 'complete', id, body: '' });
  const place = (id: string): string | undefined => table.entries.get(id)?.place;
  return { table, dependencies: table.dependencies, happen, complete, place };
}

/** Counts how often anybody looks through all of it. */
class WatchedSet extends Set<string> {
  looks = 0;

  override [Symbol.iterator](): SetIterator<string> {
    this.looks++;
    return super[Symbol.iterator]();
  }
}

describe('a job with a thousand parents', () => {
  it.each(['complete', 'fail'] as const)('is looked through no more often than one with ten (%s)', (how) => {
    const looks = [10, 1_000].map((count) => {
      const parents = names('p', count);
      const child = head('child', { dependsOn: parents, onParentFailed: 'continue' });
      const { table, happen, complete, place } = tableOf(...parents.map((id) => head(id)), child);
      const extra = table.entries.get('child')?.extra as EntryExtra;
      const watched = new WatchedSet(extra.waitingFor);
      extra.waitingFor = watched;
      for (const id of parents) {
        if (how === 'complete') complete(id);
        else happen({ op: 'fail', id, reason: 'error' });
      }
      expect(place('child')).toBe('ready');
      return watched.looks;
    });
    expect(looks[1]).toBe(looks[0]);
  });
});

describe('a parent of many', () => {
  const COUNT = 1_000;
  const family = (more: Partial<JobHead> = {}) =>
    tableOf(head('parent'), ...names('c', COUNT).map((id) => head(id, { dependsOn: ['parent'], ...more })));

  it('lets them go a few at a time, the oldest first', () => {
    const { table, dependencies, complete, place } = family();
    complete('parent');
    expect(dependencies.hasWork).toBe(true);
    const budget = { left: 300 };
    dependencies.tell(budget);
    expect([budget.left, table.counts.total.ready]).toEqual([0, 300]);
    expect([place('c-299'), place('c-300')]).toEqual(['ready', 'blocked']);
    dependencies.tell({ left: COUNT });
    expect([dependencies.hasWork, table.counts.total.blocked]).toEqual([false, 0]);
  });

  it('is known to all of them before anything else happens to it', () => {
    const { table, happen, complete } = family({ onParentFailed: 'continue' });
    happen({ op: 'fail', id: 'parent', reason: 'error' });
    expect(table.counts.total.blocked).toBe(COUNT);
    happen({ op: 'retry', id: 'parent', cause: 'manual' });
    expect(table.counts.total).toMatchObject({ blocked: 0, ready: COUNT + 1 });
    complete('parent');

    const other = family();
    other.complete('parent');
    other.happen({ op: 'remove', id: 'parent', why: 'removed' });
    expect(other.table.counts.total).toMatchObject({ blocked: 0, ready: COUNT });
  });

  it('may not be known to one that starts in a replay, which waits for it no more', () => {
    const { happen, complete, place } = family();
    complete('parent');
    happen({ op: 'start', id: 'c-999', worker: 'w' }, { op: 'release', id: 'c-999' });
    expect(place('c-999')).toBe('ready');
  });

  it('takes them along a few at a time', () => {
    const { dependencies, happen } = family({ onParentFailed: 'fail' });
    happen({ op: 'fail', id: 'parent', reason: 'error' });
    dependencies.tell({ left: COUNT + 1 });
    const taken = dependencies.takeOrphans({ left: 400 });
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThanOrEqual(400);
    expect(taken[0]).toMatchObject({ parent: 'parent', entry: { id: 'c-0' } });
    dependencies.returnOrphans(taken);
    const all = dependencies.takeOrphans({ left: Number.POSITIVE_INFINITY });
    expect(new Set(all.map(({ entry }) => entry.id)).size).toBe(COUNT);
    expect(dependencies.hasWork).toBe(false);
  });
});

describe('children', () => {
  const wait = (children: string[]): RecordDraft => ({ op: 'await', id: 'whole', name: 'parts', children });

  it('that were there under the same id before mean nothing', () => {
    const { table, dependencies, happen, complete, place } = tableOf(head('whole'), head('part'));
    complete('part');
    const before = table.seq;
    happen({ op: 'remove', id: 'part', why: 'archived' }, { op: 'start', id: 'whole', worker: 'w' });
    happen({ op: 'add', job: head('part'), body: 'null' }, wait(['part']));
    // As a replay does that begins before what its snapshot shows.
    dependencies.ended('part', before, true);
    expect(place('whole')).toBe('blocked');
    complete('part');
    expect(place('whole')).toBe('ready');
  });

  it('stay while the job that waits for them may ask for their results', () => {
    const { dependencies, happen, complete } = tableOf(head('whole'), head('part'));
    happen({ op: 'start', id: 'whole', worker: 'w' }, wait(['part']));
    complete('part');
    expect(dependencies.isNeeded('part')).toBe(true);
    complete('whole');
    expect(dependencies.isNeeded('part')).toBe(false);
  });
});

import { ValidationError } from '../../errors';
import type { Job } from '../../job';
import type { JobFilter, JobSort, ListQuery } from '../../store';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness } from './harness';
import type { StoreTest } from './store-test';

/** A dozen jobs of all kinds; with a clock under control each is created and ended at a time of its own. */
async function dozen(h: Harness): Promise<Job[]> {
  const steps: (() => Promise<unknown>)[] = [
    () => h.complete({ id: 'done-1', type: 'mail', tags: ['red', 'Big'], data: { to: 'Ada Lovelace' } }),
    () => h.complete({ id: 'done-2', type: 'resize', tags: ['blue'], priority: 2 }),
    () => h.fail({ id: 'failed-1', type: 'mail', tags: ['red'] }),
    () => h.add({ id: 'cancelled-1', type: 'mail', key: 'Key-C' }),
    () => h.store.change({ change: { action: 'cancel' }, target: { ids: ['cancelled-1'] } }),
    () => h.start({ id: 'active-1', type: 'resize', tags: ['red', 'blue'] }, 'w2'),
    () => h.add({ id: 'p9', type: 'mail', priority: 9, key: 'nine' }),
    () => h.add({ id: 'p1', type: 'resize', priority: 1, data: { path: 'C:\\temp', note: 'naïve "quote"' } }),
    () => h.add({ id: 'p5', type: 'constructor', tags: ['green'] }),
    () => h.add({ id: 'later', type: 'mail', runAt: h.now() + 3_600_000 }),
    () => h.add({ id: 'retried', type: 'zip' }),
    async () =>
      h.settle(await h.claimOne({ types: { zip: 1 } }), {
        outcome: 'failed',
        error: BOOM,
        reason: 'error',
        retryIn: 3_600_000,
      }),
    () => h.add({ id: 'last', type: 'mail', priority: 1 }),
    () => h.store.change({ change: { action: 'edit', patch: { tags: [] } }, target: { ids: ['p5'] } }),
  ];
  for (const step of steps) {
    await step();
    await h.pass(1_000);
  }
  return h.everything();
}

async function ids(h: Harness, query: ListQuery): Promise<string[]> {
  return (await h.store.list(query)).jobs.map((job) => job.id);
}

/** `list`: filters, orders, pages. */
export function list(test: StoreTest): void {
  describe('list', () => {
    test('gives every job as get does, by creation, when nothing is asked', async (h) => {
      expect(await h.store.list()).toEqual({ jobs: [] });
      const all = await dozen(h);
      const order = [
        'done-1',
        'done-2',
        'failed-1',
        'cancelled-1',
        'active-1',
        'p9',
        'p1',
        'p5',
        'later',
        'retried',
        'last',
      ];
      expect(all.map((job) => job.id)).toEqual(order);
      expect(await h.store.get(order)).toEqual(all);
      expect(await h.store.list()).toEqual({ jobs: all });
    });

    const filters: [what: string, filter: JobFilter, expected: string[]][] = [
      ['status', { status: 'completed' }, ['done-1', 'done-2']],
      ['several statuses', { status: ['active', 'failed'] }, ['failed-1', 'cancelled-1', 'active-1']],
      ['no status at all', { status: [] }, []],
      ['type', { type: 'resize' }, ['done-2', 'active-1', 'p1']],
      ['a type named like a property of every object', { type: 'constructor' }, ['p5']],
      ['a type that no job has', { type: 'toString' }, []],
      ['several types', { type: ['zip', 'constructor'] }, ['p5', 'retried']],
      ['a tag', { tags: ['red'] }, ['done-1', 'failed-1', 'active-1']],
      ['several tags, all of them', { tags: ['blue', 'red'] }, ['active-1']],
      ['reason', { reason: 'cancelled' }, ['cancelled-1']],
      ['several reasons', { reason: ['cancelled', 'error'] }, ['failed-1', 'cancelled-1']],
      ['priority', { priority: 1 }, ['p1', 'last']],
      ['several priorities', { priority: [9, 2] }, ['done-2', 'p9']],
      ['key', { key: 'nine' }, ['p9']],
      ['worker', { worker: 'w2' }, ['active-1']],
      ['conditions together', { status: 'pending', type: 'mail', priority: [1, 5] }, ['later', 'last']],
      [
        'nothing',
        {},
        ['done-1', 'done-2', 'failed-1', 'cancelled-1', 'active-1', 'p9', 'p1', 'p5', 'later', 'retried', 'last'],
      ],
    ];
    for (const [what, filter, expected] of filters) {
      test(`filters by ${what}`, async (h) => {
        await dozen(h);
        expect(await ids(h, { filter })).toEqual(expected);
        expect(await ids(h, { filter, direction: 'desc' })).toEqual([...expected].reverse());
      });
    }

    const texts: [text: string, expected: string[]][] = [
      ['DONE-', ['done-1', 'done-2']],
      ['zip', ['retried']],
      ['key-c', ['cancelled-1']],
      ['big', ['done-1']],
      ['lovelace', ['done-1']],
      ['NAÏVE', ['p1']],
      ['boom', ['failed-1', 'retried']],
      ['nowhere to be found', []],
    ];
    for (const [text, expected] of texts) {
      test.needing('text-search')(`finds the text ${JSON.stringify(text)}`, async (h) => {
        await dozen(h);
        expect(await ids(h, { filter: { text } })).toEqual(expected);
      });
    }

    test('filters by times, from inclusive, to exclusive', async (h) => {
      const all = await dozen(h);
      const at = (job: Job, field: 'created' | 'updated'): number => Date.parse(job[field]);
      for (const pivot of all) {
        const created = at(pivot, 'created');
        const updated = at(pivot, 'updated');
        const cases: [JobFilter, (job: Job) => boolean][] = [
          [{ createdAfter: created }, (job) => at(job, 'created') >= created],
          [{ createdBefore: created }, (job) => at(job, 'created') < created],
          [{ updatedAfter: updated }, (job) => at(job, 'updated') >= updated],
          [{ updatedBefore: updated }, (job) => at(job, 'updated') < updated],
          [
            { createdAfter: created, createdBefore: created + 1_001 },
            (job) => at(job, 'created') >= created && at(job, 'created') < created + 1_001,
          ],
        ];
        for (const [filter, fits] of cases) {
          expect(await ids(h, { filter })).toEqual(all.filter(fits).map((job) => job.id));
        }
      }
    });

    test('sorts by priority, and pending jobs as they will run', async (h) => {
      await dozen(h);
      const pending: JobFilter = { status: 'pending' };
      const order = ['p1', 'last', 'p5', 'later', 'retried', 'p9'];
      expect(await ids(h, { filter: pending, sort: 'queue' })).toEqual(order);
      expect(await ids(h, { filter: pending, sort: 'priority' })).toEqual(order);
      expect(await ids(h, { filter: pending, sort: 'queue', direction: 'desc' })).toEqual([...order].reverse());
      const priorities = (await h.store.list({ sort: 'priority' })).jobs.map((job) => job.priority);
      expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
    });

    test('sorts by the last change, then creation', async (h) => {
      const all = await dozen(h);
      const byUpdate = [...all]
        .map((job, created) => ({ id: job.id, updated: Date.parse(job.updated), created }))
        .sort((a, b) => a.updated - b.updated || a.created - b.created)
        .map((job) => job.id);
      expect(await ids(h, { sort: 'updated' })).toEqual(byUpdate);
      expect(await ids(h, { sort: 'updated', direction: 'desc' })).toEqual([...byUpdate].reverse());
      if (h.controlsTime) expect(byUpdate).not.toEqual(all.map((job) => job.id));
    });

    for (const sort of ['created', 'updated', 'priority', 'queue'] as const satisfies JobSort[]) {
      for (const direction of ['asc', 'desc'] as const) {
        test(`gives pages of any size, sorted by ${sort} ${direction}, each job once`, async (h) => {
          await h.addAll(Array.from({ length: 40 }, (_, n) => ({ id: `job-${n}`, priority: (n % 3) + 4 })));
          await h.claim({ limit: 7 });
          const whole = await h.store.list({ sort, direction, limit: 1_000 });
          expect(whole.jobs).toHaveLength(40);
          expect(whole.next).toBeUndefined();
          for (const limit of [1, 7, 20, 39, 40, 41]) {
            expect(await pages(h, { sort, direction, limit })).toEqual(whole.jobs.map((job) => job.id));
          }
        });
      }
    }

    for (const sort of ['created', 'updated', 'priority', 'queue'] as const satisfies JobSort[]) {
      test(`neither repeats nor misses a job that stays as it is while others come and go, sorted by ${sort}`, async (h) => {
        const stay = Array.from({ length: 30 }, (_, n) => `stay-${n}`);
        const go = Array.from({ length: 30 }, (_, n) => `go-${n}`);
        await h.addAll(stay.flatMap((id, n) => [{ id }, { id: go[n] ?? '' }]));
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let page = 0; page === 0 || cursor !== undefined; page++) {
          const got = await h.store.list({ sort, limit: 7, ...(cursor === undefined ? {} : { cursor }) });
          seen.push(...got.jobs.map((job) => job.id));
          cursor = got.next;
          // Removes jobs of this page (perhaps the one that the cursor stands on) and of pages to come, and adds new ones.
          const last = got.jobs.map((job) => job.id).filter((id) => id.startsWith('go-'));
          await h.store.change({ change: { action: 'remove' }, target: { ids: [...last, go[29 - page] ?? 'none'] } });
          await h.addAll([{ id: `new-${page}` }]);
          if (page > 40) break;
        }
        expect(seen.filter((id) => id.startsWith('stay-')).sort()).toEqual([...stay].sort());
        expect(new Set(seen).size).toBe(seen.length);
      });
    }

    test('carries filter and order over the pages', async (h) => {
      await h.addAll(Array.from({ length: 50 }, (_, n) => ({ id: `job-${n}`, type: n % 2 === 0 ? 'even' : 'odd' })));
      const expected = Array.from({ length: 25 }, (_, n) => `job-${49 - 2 * n}`);
      expect(await pages(h, { filter: { type: 'odd' }, direction: 'desc', limit: 4 })).toEqual(expected);
    });

    test('gives 50 jobs when no limit is given, 1,000 at most', async (h) => {
      await h.addAll(Array.from({ length: 1_001 }, () => ({})));
      const page = await h.store.list();
      expect(page.jobs).toHaveLength(50);
      expect(page.next).toEqual(expect.any(String));
      const most = await h.store.list({ limit: 1_000 });
      expect(most.jobs).toHaveLength(1_000);
      expect((await h.store.list({ limit: 1_000, cursor: most.next ?? '' })).jobs).toHaveLength(1);
    });

    for (const limit of [0, -1, 1.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      test(`refuses a limit of ${limit}`, async (h) => {
        await h.add();
        await expect(h.store.list({ limit })).rejects.toBeInstanceOf(ValidationError);
      });
    }

    const unknown: ListQuery[] = [
      { filter: { status: 'done' as 'completed' } },
      { filter: { status: ['pending', 'constructor' as 'failed'] } },
      { filter: { reason: 'bored' as 'error' } },
      { filter: { createdAfter: Number.NaN } },
      { sort: 'name' as JobSort },
      { direction: 'up' as 'asc' },
    ];
    for (const query of unknown) {
      test(`refuses what it does not know: ${JSON.stringify(query)}`, async (h) => {
        await expect(h.store.list(query)).rejects.toBeInstanceOf(ValidationError);
      });
    }

    test('refuses a cursor that it did not give', async (h) => {
      await h.addAll(Array.from({ length: 3 }, () => ({})));
      const { next } = await h.store.list({ limit: 1 });
      expect(next).toEqual(expect.any(String));
      for (const cursor of [
        '',
        'nonsense',
        '{}',
        'null',
        '[]',
        'bm9uc2Vuc2U=',
        '\u0000',
        '💥',
        '__proto__',
        `${next}`.slice(0, 3),
      ]) {
        const error = await h.store.list({ cursor }).catch((thrown: unknown) => thrown);
        expect(error, `cursor ${JSON.stringify(cursor)}`).toBeInstanceOf(ValidationError);
      }
    });
  });

  describe('get', () => {
    test('gives jobs in the order of the ids, and null for those that are not there', async (h) => {
      await h.addAll([{ id: 'one' }, { id: 'two' }]);
      const jobs = await h.store.get(['two', 'gone', 'one', 'two', '__proto__', 'constructor', '']);
      expect(jobs.map((job) => job?.id ?? null)).toEqual(['two', null, 'one', 'two', null, null, null]);
      expect(await h.store.get([])).toEqual([]);
    });
  });
}

/** The ids of all pages, one after the other; gives up when they do not end. */
async function pages(h: Harness, query: ListQuery): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await h.store.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    if (page.jobs.length > (query.limit ?? 50)) throw new Error(`a page of ${page.jobs.length} jobs`);
    all.push(...page.jobs.map((job) => job.id));
    if (all.length > 1_000) throw new Error('the pages do not end');
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

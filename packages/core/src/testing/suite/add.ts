import { DuplicateJobError, JobTooLargeError, ValidationError } from '../../errors';
import { describe, expect } from '../vitest-api';
import { type Harness, iso } from './harness';
import type { StoreTest } from './store-test';
import { HARD_VALUES, MEGABYTE } from './values';

/** `add`: what a new job looks like, batches, ids that are taken. */
export function add(test: StoreTest): void {
  describe('add', () => {
    test('gives a pending job with the documented defaults, and no key for what was not given', async (h) => {
      const from = h.now();
      const [result] = await h.store.add([{ type: 'mail', data: { to: 'ada' } }]);
      const to = h.now();
      expect(result).toEqual({ id: expect.stringMatching(/^job_\d{4}-\d{2}-\d{2}_[0-9a-f-]{36}$/), added: true });
      const job = await h.job(result?.id ?? '');
      expect(job).toMatchObject({
        id: result?.id,
        type: 'mail',
        status: 'pending',
        priority: 5,
        data: { to: 'ada' },
        metadata: { retries: 0, progress: 0, logs: [], errors: [] },
        attempt: 0,
        maxAttempts: 3,
        maxCrashes: 3,
      });
      const optional = ['runAt', 'backoff', 'timeout', 'dependsOn', 'key', 'tags', 'started', 'finished', 'worker'];
      for (const key of [...optional, 'cancelling', 'result', 'reason']) expect(Object.keys(job)).not.toContain(key);
      expect(job.updated).toBe(job.created);
      if (h.controlsTime) expect(job.created).toBe(iso(from));
      else expect(Math.abs(Date.parse(job.created) - (from + to) / 2)).toBeLessThan(60_000);
      expect(Number.isSafeInteger(job.rev)).toBe(true);
    });

    test('keeps every option that was given', async (h) => {
      const runAt = h.now() + 3_600_000;
      const backoff = { type: 'exponential' as const, delay: 100, factor: 3, max: 5_000, jitter: 0.5 };
      const id = await h.add({
        id: 'my-job.1_x',
        type: 'mail',
        data: [1, { two: 2 }],
        priority: 1,
        runAt,
        maxAttempts: 7,
        maxCrashes: 2,
        backoff,
        timeout: 1_500,
        key: 'unique key',
        tags: ['red', 'blue'],
      });
      expect(id).toBe('my-job.1_x');
      expect(await h.job(id)).toMatchObject({
        id,
        type: 'mail',
        data: [1, { two: 2 }],
        priority: 1,
        runAt: iso(runAt),
        maxAttempts: 7,
        maxCrashes: 2,
        backoff,
        timeout: 1_500,
        key: 'unique key',
        tags: ['red', 'blue'],
      });
    });

    test('answers in the order of the batch, which is the order in which jobs run', async (h) => {
      const specs = Array.from({ length: 1_000 }, (_, n) => ({ type: 'a', data: n, id: `job-${(n * 7919) % 1_000}` }));
      const results = await h.store.add(specs);
      expect(results.map((result) => result.id)).toEqual(specs.map((spec) => spec.id));
      expect(results.every((result) => result.added)).toBe(true);
      expect((await h.claim({ limit: 1_000 })).map((claimed) => claimed.job.data)).toEqual(
        specs.map((spec) => spec.data),
      );
    });

    test('takes an empty batch', async (h) => {
      expect(await h.store.add([])).toEqual([]);
      expect((await h.store.counts()).pending).toBe(0);
    });

    test('gives ids that differ', async (h) => {
      const ids = [await h.add(), ...(await h.addAll(Array.from({ length: 50 }, () => ({})))), await h.add()];
      expect(new Set(ids).size).toBe(52);
    });

    for (const [what, value] of HARD_VALUES) {
      test(`gives back data as it was: ${what}`, async (h) => {
        const id = await h.add({ data: value });
        expect(JSON.stringify((await h.job(id)).data)).toBe(JSON.stringify(value));
        const { job } = await h.claimOne();
        expect(JSON.stringify(job.data)).toBe(JSON.stringify(value));
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      });
    }

    test('gives back a megabyte of text as it was', async (h) => {
      const id = await h.add({ data: { text: MEGABYTE } });
      const { data } = await h.job(id);
      expect((data as { text: string }).text === MEGABYTE).toBe(true);
    });

    test('refuses a job of more than 16 MiB', async (h) => {
      const huge = 'x'.repeat(17 * 1024 * 1024);
      await expect(h.addAll([{}, { data: huge }])).rejects.toBeInstanceOf(JobTooLargeError);
      expect((await h.store.counts()).pending).toBe(0);
    });

    test('adds all or none', async (h) => {
      await expect(h.addAll([{ id: 'good' }, { id: 'bad', priority: 11 }, { id: 'fine' }])).rejects.toBeInstanceOf(
        ValidationError,
      );
      expect(await h.store.get(['good', 'bad', 'fine'])).toEqual([null, null, null]);
      expect(await h.claim()).toEqual([]);
      await expect(h.addAll([{ id: 'good' }, { id: 'fine' }])).resolves.toEqual(['good', 'fine']);
    });

    test('keeps its own copy of what it was given and hands out', async (h) => {
      const data = { list: [1] };
      const tags = ['red'];
      const id = await h.add({ data, tags });
      data.list.push(2);
      tags.push('blue');
      const [copy] = await h.store.get([id]);
      expect(copy).toMatchObject({ data: { list: [1] }, tags: ['red'] });
      if (!copy) throw new Error('the job is not there');
      (copy.data as typeof data).list.push(3);
      copy.tags?.push('green');
      copy.metadata.logs.push({ at: '', level: 'info', message: 'not mine' });
      for (const listed of (await h.store.list()).jobs) (listed.data as typeof data).list.push(4);
      const { job: claimed } = await h.claimOne();
      expect(claimed).toMatchObject({ data: { list: [1] }, tags: ['red'], metadata: { logs: [] } });
      (claimed.data as typeof data).list.push(5);
      expect(await h.job(id)).toMatchObject({ data: { list: [1] }, tags: ['red'], metadata: { logs: [] } });
    });
  });

  describe('add with an id that is taken', () => {
    const states: [string, (h: Harness) => Promise<unknown>][] = [
      ['pending', (h) => h.add({ id: 'mine', data: 'first' })],
      ['active', (h) => h.start({ id: 'mine', data: 'first' })],
      ['completed', (h) => h.complete({ id: 'mine', data: 'first' })],
      ['failed', (h) => h.fail({ id: 'mine', data: 'first' })],
    ];
    for (const [status, make] of states) {
      test(`by a ${status} job, gives that job and leaves it as it is`, async (h) => {
        await make(h);
        const before = await h.job('mine');
        expect(before.status).toBe(status);
        const specs = [
          { type: 'b', data: 'second', id: 'mine' },
          { type: 'b', data: 'third', id: 'other' },
        ];
        expect(await h.store.add(specs)).toEqual([
          { id: 'mine', added: false },
          { id: 'other', added: true },
        ]);
        expect(await h.job('mine')).toEqual(before);
      });
    }

    test('throws when asked to, and adds nothing', async (h) => {
      await h.add({ id: 'mine' });
      const specs = [
        { type: 'a', data: 1, id: 'other' },
        { type: 'a', data: 2, id: 'mine' },
      ];
      const error = await h.store.add(specs, { onDuplicate: 'reject' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DuplicateJobError);
      expect(error).toMatchObject({ code: 'DUPLICATE', jobId: 'mine' });
      expect(await h.store.get(['other'])).toEqual([null]);
    });

    test('by the same batch, takes the first and gives it for the second', async (h) => {
      const specs = [
        { type: 'a', data: 'first', id: 'twin' },
        { type: 'b', data: 'second', id: 'twin' },
      ];
      expect(await h.store.add(specs)).toEqual([
        { id: 'twin', added: true },
        { id: 'twin', added: false },
      ]);
      expect(await h.everything()).toEqual([expect.objectContaining({ id: 'twin', type: 'a', data: 'first' })]);
      expect((await h.store.counts()).pending).toBe(1);
    });

    test('by the same batch, throws when asked to, and adds nothing', async (h) => {
      const specs = [
        { type: 'a', data: 'first', id: 'twin' },
        { type: 'a', data: 'second', id: 'twin' },
      ];
      await expect(h.store.add(specs, { onDuplicate: 'reject' })).rejects.toBeInstanceOf(DuplicateJobError);
      expect(await h.store.get(['twin'])).toEqual([null]);
    });

    test('may be used again once the job was removed', async (h) => {
      await h.complete({ id: 'mine' });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['mine'] } });
      expect(await h.store.add([{ type: 'a', data: 'again', id: 'mine' }])).toEqual([{ id: 'mine', added: true }]);
      expect(await h.job('mine')).toMatchObject({ status: 'pending', data: 'again', attempt: 0 });
    });
  });
}

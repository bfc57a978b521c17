import { DuplicateJobError } from '../../errors';
import { describe, expect } from '../vitest-api';
import { BOOM } from './harness';
import type { StoreTest } from './store-test';

/** `key`: at most one pending or active job holds it. */
export function keys(test: StoreTest): void {
  describe('a unique key', () => {
    test('held by a pending or active job gives that job, whatever the type', async (h) => {
      const id = await h.add({ key: 'k' });
      const again = { type: 'b', data: 2, key: 'k' };
      expect(await h.store.add([again])).toEqual([{ id, added: false }]);
      await h.claimOne();
      expect(await h.store.add([again, { type: 'b', data: 3, key: 'other' }])).toEqual([
        { id, added: false },
        { id: expect.not.stringContaining(id), added: true },
      ]);
      expect((await h.everything()).map((job) => job.data)).toEqual([null, 3]);
    });

    test('held by another job throws when asked to, and nothing is added', async (h) => {
      const id = await h.add({ key: 'k' });
      const specs = [
        { type: 'a', data: 1, id: 'bystander' },
        { type: 'a', data: 2, key: 'k' },
      ];
      const error = await h.store.add(specs, { onDuplicate: 'reject' }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(DuplicateJobError);
      expect(error).toMatchObject({ jobId: id });
      expect(await h.store.get(['bystander'])).toEqual([null]);
    });

    test('twice in one batch gives the first for the second', async (h) => {
      const specs = [
        { type: 'a', data: 1, id: 'first', key: 'k' },
        { type: 'a', data: 2, id: 'second', key: 'k' },
      ];
      expect(await h.store.add(specs)).toEqual([
        { id: 'first', added: true },
        { id: 'first', added: false },
      ]);
      await expect(
        h.store.add(
          specs.map(({ id, ...spec }) => ({ ...spec, id: `${id}-x`, key: 'new' })),
          { onDuplicate: 'reject' },
        ),
      ).rejects.toBeInstanceOf(DuplicateJobError);
      expect((await h.everything()).map((job) => job.id)).toEqual(['first']);
    });

    test('is free again when its job completed', async (h) => {
      await h.complete({ id: 'first', key: 'k' });
      expect(await h.store.add([{ type: 'a', data: 2, id: 'second', key: 'k' }])).toEqual([
        { id: 'second', added: true },
      ]);
    });

    test('is free again when its job failed for good', async (h) => {
      await h.fail({ id: 'first', key: 'k' });
      expect(await h.store.add([{ type: 'a', data: 2, id: 'second', key: 'k' }])).toEqual([
        { id: 'second', added: true },
      ]);
    });

    test('is free again when its job was cancelled, or removed', async (h) => {
      await h.addAll([
        { id: 'cancelled', key: 'k1' },
        { id: 'removed', key: 'k2' },
      ]);
      await h.store.change({ change: { action: 'cancel' }, target: { ids: ['cancelled'] } });
      await h.store.change({ change: { action: 'remove' }, target: { ids: ['removed'] } });
      const results = await h.store.add([
        { type: 'a', data: 1, key: 'k1' },
        { type: 'a', data: 2, key: 'k2' },
      ]);
      expect(results.map((result) => result.added)).toEqual([true, true]);
    });

    test('is held on through retry, release and crash', async (h) => {
      const first = await h.start({ id: 'first', key: 'k', maxAttempts: 9 });
      const taken = async (): Promise<boolean> => !(await h.store.add([{ type: 'a', data: 1, key: 'k' }]))[0]?.added;
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await taken()).toBe(true);
      await h.settle(await h.claimOne(), { outcome: 'released' });
      expect(await taken()).toBe(true);
      await h.claimOne();
      await h.store.takeBack(['w1'], 'crashed');
      expect(await taken()).toBe(true);
    });

    test('is taken again by a retry, unless another job has it by now: then the retry is skipped', async (h) => {
      await h.fail({ id: 'first', key: 'k' });
      const holder = await h.add({ id: 'holder', key: 'k' });
      const retry = { change: { action: 'retry' as const }, target: { ids: ['first'] } };
      expect(await h.store.change(retry)).toMatchObject({
        matched: 1,
        changed: 0,
        skipped: [{ reason: 'failed', count: 1, ids: ['first'], message: expect.stringContaining(holder) }],
      });
      expect((await h.job('first')).status).toBe('failed');
      await h.store.change({ change: { action: 'remove' }, target: { ids: [holder] } });
      expect(await h.store.change(retry)).toMatchObject({ changed: 1, skipped: [] });
      expect(await h.store.add([{ type: 'a', data: 3, key: 'k' }])).toEqual([{ id: 'first', added: false }]);
    });

    test('goes to one of two jobs that are retried together', async (h) => {
      await h.fail({ id: 'first', key: 'k' });
      await h.fail({ id: 'second', key: 'k' });
      const target = { ids: ['first', 'second'] };
      const dry = await h.store.change({ change: { action: 'retry' }, target, dryRun: true });
      const result = await h.store.change({ change: { action: 'retry' }, target });
      expect(result).toMatchObject({ matched: 2, changed: 1, skipped: [{ reason: 'failed', count: 1 }] });
      expect({ ...result, dryRun: true }).toMatchObject(dry);
      expect((await h.everything()).filter((job) => job.status === 'pending')).toHaveLength(1);
    });

    test('may be any text', async (h) => {
      const odd = [
        '__proto__',
        'constructor',
        'toString',
        '🐋',
        ' ',
        '../../etc/passwd',
        'a\u0000b',
        'é',
        'e\u0301',
        'x'.repeat(512),
      ];
      const results = await h.store.add(odd.map((key) => ({ type: 'a', data: key, key })));
      expect(results.map((result) => result.added)).toEqual(odd.map(() => true));
      const again = await h.store.add(odd.map((key) => ({ type: 'a', data: key, key })));
      expect(again).toEqual(results.map(({ id }) => ({ id, added: false })));
      expect((await h.everything()).map((job) => job.key)).toEqual(odd);
    });
  });
}

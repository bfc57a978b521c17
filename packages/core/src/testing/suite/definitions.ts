import { ValidationError } from '../../errors';
import type { Json } from '../../job';
import { describe, expect } from '../vitest-api';
import type { StoreTest } from './store-test';

const TWO: Json = { types: ['download'], concurrency: 2 };
const ALL: Json = { concurrency: 10 };

/** `define` and `definitions`: what a store keeps beside its jobs. */
export function definitions(test: StoreTest): void {
  const persistent = test.needing('persistence', 'definitions');
  const defining = test.needing('definitions');

  describe('definitions', () => {
    defining('are there once defined, by kind and name', async (h) => {
      await h.store.define([
        { kind: 'limit', name: 'two', value: TWO },
        { kind: 'limit', name: 'all', value: ALL },
      ]);
      const found = await h.store.definitions();
      expect(found.map(({ kind, name, value, rev }) => ({ kind, name, value, rev }))).toEqual([
        { kind: 'limit', name: 'all', value: ALL, rev: 1 },
        { kind: 'limit', name: 'two', value: TWO, rev: 1 },
      ]);
      expect(found[0]?.created).toBe(found[0]?.updated);
      expect(await h.store.definitions('limit')).toEqual(found);
    });

    defining('change by being defined again, and keep when they were made', async (h) => {
      await h.store.define([{ kind: 'limit', name: 'two', value: TWO }]);
      const [before] = await h.store.definitions('limit');
      await h.pass(1_000);
      await h.store.define([{ kind: 'limit', name: 'two', value: ALL }]);
      const [after] = await h.store.definitions('limit');
      expect(after).toMatchObject({ value: ALL, rev: 2, created: before?.created });
    });

    defining('say the same again without a new revision', async (h) => {
      await h.store.define([{ kind: 'limit', name: 'two', value: TWO }]);
      const before = await h.store.definitions();
      await h.store.define([{ kind: 'limit', name: 'two', value: TWO }]);
      await h.store.define([{ kind: 'limit', name: 'gone', value: null }]);
      expect(await h.store.definitions()).toEqual(before);
    });

    defining('are removed by null', async (h) => {
      await h.store.define([{ kind: 'limit', name: 'two', value: TWO }]);
      await h.store.define([{ kind: 'limit', name: 'two', value: null }]);
      expect(await h.store.definitions()).toEqual([]);
    });

    defining('are refused all together when one of them is wrong', async (h) => {
      const wrong = h.store.define([
        { kind: 'limit', name: 'good', value: TWO },
        { kind: 'limit', name: 'Bad Name', value: TWO },
        { kind: 'limit', name: 'bad', value: { concurrency: -1, speed: 3 } },
        { kind: 'nothing' as 'limit', name: 'bad', value: {} },
      ]);
      const error = await wrong.then(
        () => undefined,
        (thrown: unknown) => thrown as ValidationError,
      );
      expect(error).toBeInstanceOf(ValidationError);
      expect(error?.issues.map(({ path }) => path)).toEqual([
        [1, 'name'],
        [2, 'value', 'concurrency'],
        [2, 'value', 'speed'],
        [3, 'kind'],
      ]);
      expect(await h.store.definitions()).toEqual([]);
    });

    defining('are the caller’s own copy', async (h) => {
      const value = { concurrency: 2 };
      await h.store.define([{ kind: 'limit', name: 'own', value }]);
      value.concurrency = 3;
      const [first] = await h.store.definitions();
      (first?.value as { concurrency: number }).concurrency = 4;
      expect((await h.store.definitions())[0]?.value).toEqual({ concurrency: 2 });
    });

    defining('are told when they change', async (h) => {
      const recorder = await h.record({ kinds: ['defined'] });
      await h.store.define([{ kind: 'limit', name: 'two', value: TWO }], { by: 'ann' });
      await h.store.define([{ kind: 'limit', name: 'two', value: null }]);
      await recorder.until(({ definition }) => definition?.removed === true, 'the removal');
      expect(recorder.events.map(({ definition }) => definition)).toEqual([
        { kind: 'limit', name: 'two' },
        { kind: 'limit', name: 'two', removed: true },
      ]);
    });

    persistent('are there again after a reopening', async (h) => {
      await h.store.define([
        { kind: 'limit', name: 'two', value: TWO },
        { kind: 'limit', name: 'gone', value: ALL },
      ]);
      await h.store.define([{ kind: 'limit', name: 'gone', value: null }]);
      const before = await h.store.definitions();
      await h.reopen();
      expect(await h.store.definitions()).toEqual(before);
    });
  });
}

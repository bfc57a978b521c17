import { exportAll } from '../../exchange/export';
import { importAll } from '../../exchange/import';
import type { Json } from '../../job';
import { MemoryStore } from '../../memory-store';
import type { JobStore } from '../../store';
import { describe, expect } from '../vitest-api';
import { oneOfEach } from './change';
import type { Harness } from './harness';
import type { StoreTest } from './store-test';

const TEMPLATE: Json = {
  parameters: { url: { type: 'string' } },
  job: { type: 'mirror', data: { url: '{{url}}' }, options: { key: 'mirror:{{url}}' } },
};

/** Export and import: what is in this store can be in another one, and the other way round. */
export function exchange(test: StoreTest): void {
  const able = test.needing('restore');

  /** Without the first one, which tells when. */
  async function lines(store: JobStore, history: boolean): Promise<string[]> {
    const found: string[] = [];
    for await (const line of exportAll(store, { history })) found.push(line);
    return found.slice(1);
  }

  const clockOf = (h: Harness) => (h.controlsTime ? { clock: h.clock } : {});

  describe('exchanged with another store', () => {
    able('definitions and jobs are the same there, and the same back here', async (h) => {
      await h.store.define([{ kind: 'template', name: 'mirror', value: TEMPLATE }]);
      await oneOfEach(h);
      for (const history of [false, true]) {
        const here = await lines(h.store, history);
        const other = new MemoryStore(clockOf(h));
        try {
          const { kinds } = await importAll(other, here, clockOf(h));
          expect(kinds.template).toMatchObject({ new: 1, added: 1 });
          expect(kinds.job?.added).toBe(here.length - 1);
          const there = await lines(other, history);
          // Who runs a job stays behind: there it is pending.
          if (!history) expect(there).toEqual(here);
          expect(there).toHaveLength(here.length);
          const before = await h.everything();
          const back = await importAll(h.store, there, { onConflict: 'replace', ...clockOf(h) });
          expect(Object.values(back.kinds).map(({ same, added, replaced }) => ({ same, added, replaced }))).toEqual([
            { same: 1, added: 0, replaced: 0 },
            { same: here.length - 1, added: 0, replaced: 0 },
          ]);
          expect(await h.everything()).toEqual(before);
        } finally {
          await other.close();
        }
      }
    });

    able('they come into this store', async (h) => {
      const other = new MemoryStore(clockOf(h));
      await other.define([{ kind: 'template', name: 'mirror', value: TEMPLATE }]);
      await other.add([
        { type: 'a', data: 1, id: 'p', tags: ['t'] },
        { type: 'a', data: 2, id: 'q', priority: 1 },
      ]);
      const from = await lines(other, false);
      expect((await importAll(h.store, from, { dryRun: true, ...clockOf(h) })).kinds.job).toMatchObject({ new: 2 });
      expect(await h.everything()).toEqual([]);
      await importAll(h.store, from, clockOf(h));
      expect(await lines(h.store, false)).toEqual(from);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['q', 'p']);
      await other.close();
    });
  });
}

import { StoreClosedError } from '../../errors';
import type { JobStore } from '../../store';
import { describe, expect } from '../vitest-api';
import type { StoreTest } from './store-test';

/** `open` and `close`. */
export function close(test: StoreTest): void {
  const calls: [name: string, call: (store: JobStore) => Promise<unknown>][] = [
    ['open', (store) => store.open()],
    ['add', (store) => store.add([{ type: 'a', data: null }])],
    ['claim', (store) => store.claim({ worker: 'w1', limit: 1, wait: false })],
    ['a waiting claim', (store) => store.claim({ worker: 'w1', limit: 1, wait: true })],
    ['settle', (store) => store.settle([{ id: 'x', token: 't', outcome: 'completed' }])],
    ['report', (store) => store.report([{ id: 'x', token: 't', progress: 1 }])],
    ['takeBack', (store) => store.takeBack(['w1'], 'crashed')],
    ['change', (store) => store.change({ change: { action: 'cancel' }, target: { ids: ['x'] } })],
    ['pause', (store) => store.pause(true)],
    ['get', (store) => store.get(['x'])],
    ['list', (store) => store.list()],
    ['counts', (store) => store.counts()],
    ['explain', (store) => store.explain(['x'])],
    ['history', (store) => store.history()],
    ['metrics', (store) => store.metrics()],
    ['subscribe', (store) => store.subscribe({}, () => undefined)],
  ];

  describe('open', () => {
    test('may be called again, and in parallel', async (h) => {
      await Promise.all([h.store.open(), h.store.open()]);
      const id = await h.add();
      await h.store.open();
      expect((await h.job(id)).status).toBe('pending');
    });
  });

  describe('health', () => {
    test('of a store that works is ok, with no problems', async (h) => {
      await h.add();
      expect(await h.store.health()).toMatchObject({ status: 'ok', problems: [] });
    });

    test('says what was looked at: the problems are the messages of what is not well', async (h) => {
      const { job, token } = await h.start();
      await h.store.report([{ id: job.id, token, stuck: true }]);
      const { status, problems, checks } = await h.store.health();
      const unwell = checks.filter((check) => check.status !== 'ok');
      expect(unwell.map(({ name }) => name)).toEqual(['workers']);
      expect([status, problems]).toEqual(['degraded', unwell.map(({ message }) => message)]);
      expect(checks.find(({ name }) => name === 'workers')?.facts).toEqual({
        workers: 1,
        busy: 1,
        running: 1,
        stuck: 1,
      });
      await h.settle({ job, token }, { outcome: 'completed' });
      expect((await h.store.health()).status).toBe('ok');
    });
  });

  describe('close', () => {
    for (const [name, call] of calls) {
      test(`makes ${name} reject`, async (h) => {
        await h.add();
        await h.store.close();
        const error = await h.soon(call(h.store), name).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StoreClosedError);
        expect(error).toMatchObject({ code: 'CLOSED' });
      });
    }

    test('may be called twice, and in parallel', async (h) => {
      await h.add();
      await Promise.all([h.store.close(), h.store.close()]);
      await h.store.close();
      await expect(h.store.counts()).rejects.toBeInstanceOf(StoreClosedError);
    });

    test('ends the claims that wait', async (h) => {
      const waiting = [1, 2].map((n) =>
        h.store.claim({ worker: `w${n}`, limit: 1, wait: true }).catch((thrown: unknown) => thrown),
      );
      await h.store.counts();
      await h.store.close();
      for (const error of await h.soon(Promise.all(waiting), 'the claims'))
        expect(error).toBeInstanceOf(StoreClosedError);
    });

    test('of a store that was never used does no harm', async (h) => {
      await h.soon(h.store.close(), 'close');
      await expect(h.store.add([{ type: 'a', data: null }])).rejects.toBeInstanceOf(StoreClosedError);
    });
  });
}

import type { TraceContext } from '../../job';
import { describe, expect } from '../vitest-api';
import type { StoreTest } from './store-test';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** `trace`: the trace context that goes with a job. */
export function trace(test: StoreTest): void {
  describe('a trace context', () => {
    test('goes with the job, to whoever reads it and to whoever runs it', async (h) => {
      const of = { traceparent: TRACEPARENT, tracestate: 'a=1,b=2' };
      const { job } = await h.start({ trace: of });
      expect(job.trace).toEqual(of);
      expect((await h.job(job.id)).trace).toEqual(of);
      expect((await h.job(await h.add({ trace: { traceparent: TRACEPARENT } }))).trace).toEqual({
        traceparent: TRACEPARENT,
      });
      expect(await h.job(await h.add())).not.toHaveProperty('trace');
    });

    test('must be one', async (h) => {
      const wrong: [field: keyof TraceContext, value: unknown][] = [
        ['traceparent', undefined],
        ['traceparent', 'none'],
        ['traceparent', TRACEPARENT.toUpperCase()],
        ['traceparent', TRACEPARENT.replace(/^00/, 'ff')],
        ['traceparent', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
        ['tracestate', 7],
        ['tracestate', 'a=1\n'],
        ['tracestate', 'x'.repeat(513)],
      ];
      for (const [field, value] of wrong) {
        const of = { traceparent: TRACEPARENT, [field]: value } as TraceContext;
        const error = await h.add({ trace: of }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'INVALID', issues: [{ path: ['trace', field] }] });
      }
      expect((await h.store.counts()).pending).toBe(0);
    });
  });
}

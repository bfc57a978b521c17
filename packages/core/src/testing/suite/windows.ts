import type { TimeRange } from '../../schedule/open-times';
import type { WindowSpec } from '../../window';
import { describe, expect } from '../vitest-api';
import { type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const HOUR = 3_600_000;

/** The fake clock starts on Thursday, 30 January 2025, at noon UTC. */
const night: TimeRange = { days: 'mon-fri', from: '22:00', to: '07:00' };

async function define(h: Harness, name: string, { open, types, tags }: WindowSpec): Promise<void> {
  const value = { open: open.map((range) => ({ ...range })), ...(types && { types }), ...(tags && { tags }) };
  await h.store.define([{ kind: 'window', name, value }]);
}

/** Windows: when jobs may start. */
export function windows(test: StoreTest): void {
  const timed = test.needing('definitions', 'rules', 'fake-clock');
  const lasting = test.needing('definitions', 'rules', 'fake-clock', 'persistence');

  describe('a window', () => {
    timed('that is closed lets none of its jobs start, and the others do', async (h) => {
      await define(h, 'night', { types: ['big'], open: [night] });
      await h.addAll([{ id: 'held', type: 'big', priority: 1 }, { id: 'free' }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['free']);
      expect(await h.claim({ types: { big: 5 } })).toEqual([]);
    });

    timed('wakes those who wait when it opens, not a millisecond earlier', async (h) => {
      await define(h, 'night', { open: [night] });
      await h.addAll([{ id: 'one' }, { id: 'two' }, { id: 'three', type: 'b' }]);
      const waiting = h.soon(h.claim({ wait: true }), 'claim');
      await h.clock.advance(10 * HOUR - 1);
      expect((await h.store.counts()).active).toBe(0);
      await h.clock.advance(1);
      const claimed = [...(await waiting), ...(await h.claim())];
      expect(claimed.map(({ job }) => job.id)).toEqual(['one', 'two', 'three']);
    });

    timed('that closes lets nothing more start; what runs runs on', async (h) => {
      await define(h, 'noon', { open: [{ from: '11:00', to: '13:00' }] });
      const running = await h.start();
      await h.clock.advance(HOUR);
      await h.add({ id: 'late' });
      expect(await h.claim()).toEqual([]);
      await h.settle(running, { outcome: 'completed' });
      await h.clock.advance(22 * HOUR);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['late']);
    });

    timed('is about jobs with one of its tags', async (h) => {
      await define(h, 'night', { tags: ['heavy'], open: [night] });
      await h.addAll([{ id: 'heavy', tags: ['x', 'heavy'] }, { id: 'light', tags: ['x'] }, { id: 'plain' }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['light', 'plain']);
    });

    timed('and another one must both be open, of one any range', async (h) => {
      await define(h, 'days', {
        open: [
          { days: 'thu', from: '00:00', to: '24:00' },
          { days: 'sat', from: '08:00', to: '09:00' },
        ],
      });
      await define(h, 'hours', { types: ['a'], open: [{ from: '08:30', to: '10:00' }] });
      await h.addAll([{ id: 'both' }, { id: 'days', type: 'b' }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['days']);
      // Friday is closed by days; on Saturday both are open from 8:30 on.
      await h.clock.advance(44.5 * HOUR - 1);
      expect(await h.claim()).toEqual([]);
      await h.clock.advance(1);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['both']);
    });

    timed('is of its time zone', async (h) => {
      await define(h, 'office', { open: [{ from: '14:00', to: '15:00', timezone: 'Europe/Berlin' }] });
      await h.add({ id: 'job' });
      await h.clock.advance(HOUR - 1);
      expect(await h.claim()).toEqual([]);
      await h.clock.advance(1);
      expect(await h.claim()).toHaveLength(1);
    });

    timed('is changed and removed at any time', async (h) => {
      await define(h, 'night', { open: [night] });
      await h.addAll([{ id: 'one' }, { id: 'two' }]);
      expect(await h.claim()).toEqual([]);
      const waiting = h.claimOne();
      await define(h, 'night', { open: [{ from: '12:00', to: '12:30' }] });
      expect((await waiting).job.id).toBe('one');
      await h.clock.advance(HOUR);
      expect(await h.claim()).toEqual([]);
      await h.store.define([{ kind: 'window', name: 'night', value: null }]);
      expect((await h.claim()).map(({ job }) => job.id)).toEqual(['two']);
    });

    timed('says why a job waits, and until when', async (h) => {
      await define(h, 'night', { types: ['big'], open: [night] });
      const id = await h.add({ type: 'big' });
      await h.claim({ types: { big: 1 } });
      const [explanation] = await h.store.explain([id]);
      const until = iso(h.now() + 10 * HOUR);
      expect(explanation?.causes).toEqual([{ code: 'window', window: 'night', until }]);
      expect(explanation?.sentence).toBe(`The window night is closed; it opens at ${until}.`);
    });

    timed('opens when the machine wakes up after its time', async (h) => {
      await define(h, 'night', { open: [night] });
      await h.add({ id: 'job' });
      const waiting = h.claimOne();
      await h.clock.suspend(12 * HOUR);
      expect((await waiting).job.id).toBe('job');
    });

    lasting('is there again after a reopening', async (h) => {
      await define(h, 'night', { open: [night] });
      await h.add({ id: 'job' });
      await h.reopen();
      expect(await h.claim()).toEqual([]);
      const waiting = h.claimOne();
      await h.clock.advance(10 * HOUR);
      expect((await waiting).job.id).toBe('job');
    });

    const WRONG: [what: string, value: unknown, path: string][] = [
      ['no times', {}, 'open'],
      ['an empty list', { open: [] }, 'open'],
      ['an hour that there is not', { open: [{ from: '25:00', to: '26:00' }] }, 'open.0.from'],
      ['no end', { open: [night, { from: '22:00' }] }, 'open.1.to'],
      ['unknown days', { open: [{ ...night, days: 'weekdays' }] }, 'open.0.days'],
      ['an unknown zone', { open: [{ ...night, timezone: 'Mars/Olympus' }] }, 'open.0.timezone'],
      ['an unknown field', { open: [night], type: 'a' }, 'type'],
    ];
    for (const [what, value, path] of WRONG) {
      test.needing('definitions', 'rules')(`is refused: ${what}`, async (h) => {
        const refused = h.store.define([{ kind: 'window', name: 'w', value: value as never }]);
        const error = await refused.then(
          () => undefined,
          (thrown: unknown) => thrown as { code: string; issues: { path: (string | number)[] }[] },
        );
        expect(error?.code).toBe('INVALID');
        expect(error?.issues.map((issue) => issue.path.slice(1).join('.'))).toContain(path);
      });
    }
  });
}

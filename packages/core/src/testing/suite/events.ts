import { EVENT_KINDS, type EventKind, type StoreEvent } from '../../store';
import { RECORDED_KINDS } from '../recorded-kinds';
import { describe, expect } from '../vitest-api';
import { BOOM, type Harness, iso } from './harness';
import type { StoreTest } from './store-test';

const kinds = (events: StoreEvent[]): EventKind[] => events.map((event) => event.kind);

/** A story with every transition of a job in it. */
async function story(h: Harness): Promise<void> {
  await h.addAll([{ id: 'one', maxAttempts: 9, maxCrashes: 2 }, { id: 'two' }, { id: 'three', priority: 9 }]);
  const one = await h.claimOne();
  await h.settle(one, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
  await h.settle(await h.claimOne(), { outcome: 'released' });
  await h.claimOne();
  await h.store.takeBack(['w1'], 'crashed');
  await h.claimOne();
  await h.store.takeBack(['w1'], 'crashed');
  await h.store.change({ change: { action: 'retry' }, target: { ids: ['one'] } });
  await h.store.change({ change: { action: 'edit', patch: { data: 2 } }, target: { ids: ['one'] } });
  const again = await h.claimOne();
  await h.store.change({ change: { action: 'cancel' }, target: { ids: ['one', 'three'] } });
  await h.store.settle([{ id: 'one', token: one.token, outcome: 'completed' }]);
  await h.settle(again, { outcome: 'completed', result: 1 });
  await h.settle(await h.claimOne(), { outcome: 'failed', error: BOOM, reason: 'timeout' });
  await h.store.change({ change: { action: 'remove' }, target: { ids: ['two'] } });
}

const STORY: [EventKind, string | undefined][] = [
  ['added', 'one'],
  ['added', 'two'],
  ['added', 'three'],
  ['started', 'one'],
  ['retrying', 'one'],
  ['started', 'one'],
  ['released', 'one'],
  ['started', 'one'],
  ['crashed', 'one'],
  ['started', 'one'],
  ['failed', 'one'],
  ['retrying', 'one'],
  ['edited', 'one'],
  ['started', 'one'],
  ['cancelling', 'one'],
  ['failed', 'three'],
  ['refused', 'one'],
  ['completed', 'one'],
  ['started', 'two'],
  ['failed', 'two'],
  ['drained', undefined],
  ['removed', 'two'],
];

/** `subscribe`: what is told, in which order, to whom, from where. */
export function events(test: StoreTest): void {
  describe('subscribe', () => {
    test('tells every transition once, in order', async (h) => {
      const recorder = await h.record();
      await story(h);
      const told = await h.recorded(recorder);
      expect(told.map((event) => [event.kind, event.id])).toEqual(STORY);
      for (const [n, event] of told.entries()) {
        const before = told[n - 1]?.seq ?? recorder.subscription?.seq ?? Number.NaN;
        if (RECORDED_KINDS.includes(event.kind))
          expect(event.seq, `the number of ${event.kind}`).toBeGreaterThan(before);
        else expect(event.seq, `the number of ${event.kind}`).toBeGreaterThanOrEqual(before);
        expect(Number.isNaN(Date.parse(event.at))).toBe(false);
      }
    });

    test('tells what is needed to follow a job', async (h) => {
      const recorder = await h.record();
      const id = await h.add({ type: 'mail', maxAttempts: 5 });
      let job = await h.job(id);
      const last = async (kind: EventKind): Promise<StoreEvent> => {
        await recorder.untilKind(kind, id);
        return recorder.events.filter((event) => event.kind === kind).at(-1) as StoreEvent;
      };
      const common = async () => {
        job = await h.job(id);
        return { id, type: 'mail', status: job.status, rev: job.rev };
      };
      expect(await last('added')).toMatchObject(await common());
      const first = await h.claimOne({ worker: 'w7' });
      expect(await last('started')).toMatchObject({ ...(await common()), status: 'active', attempt: 1, worker: 'w7' });
      await h.settle(first, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 40 });
      expect(await last('retrying')).toMatchObject({
        ...(await common()),
        status: 'pending',
        attempt: 1,
        error: 'boom',
      });
      expect((await last('retrying')).runAt).toBe(job.runAt);
      const waiting = h.claimOne({ worker: 'w8' });
      await h.pass(40);
      const second = await waiting;
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
      expect(await last('cancelling')).toMatchObject({ ...(await common()), status: 'active', worker: 'w8' });
      await h.settle(second, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      expect(await last('failed')).toMatchObject({
        ...(await common()),
        status: 'failed',
        attempt: 2,
        reason: 'cancelled',
      });
      await h.store.change({ change: { action: 'remove' }, target: { ids: [id] } });
      expect(await last('removed')).toMatchObject({ id, type: 'mail' });
      if (h.controlsTime) expect((await last('removed')).at).toBe(iso(h.now()));
    });

    test('tells progress, log lines, checkpoints and stuck handlers', async (h) => {
      const { job, token } = await h.start();
      const { id } = job;
      const recorder = await h.record();
      await h.store.report([{ id, token, progress: 10, detail: { bytes: 1 } }]);
      await recorder.untilKind('progress', id);
      const logs = [1, 2, 3].map((n) => ({ at: iso(h.now()), level: 'warn' as const, message: `no. ${n}` }));
      await h.store.report([{ id, token, logs: logs.slice(0, 2) }]);
      await h.store.report([{ id, token, logs: logs.slice(2) }]);
      await h.store.report([{ id, token, checkpoint: { half: true } }]);
      await h.store.report([{ id, token, stuck: true }]);
      const told = await h.recorded(recorder);
      const of = (kind: EventKind) => told.filter((event) => event.kind === kind);
      expect(of('progress').at(-1)).toMatchObject({ id, type: 'a', progress: 10, detail: { bytes: 1 } });
      expect(of('log').flatMap((event) => event.logs ?? [])).toEqual(logs);
      expect(of('checkpoint')).toMatchObject([{ id, type: 'a' }]);
      expect(of('stuck')).toMatchObject([{ id, type: 'a' }]);
      expect([...kinds(told)].every((kind) => ['progress', 'log', 'checkpoint', 'stuck'].includes(kind))).toBe(true);
    });

    test('tells drained whenever the last pending or active job ended, however it did', async (h) => {
      const recorder = await h.record();
      await h.complete();
      await h.fail();
      const id = await h.add();
      await h.store.change({ change: { action: 'cancel' }, target: { ids: [id] } });
      await h.addAll([{}, {}]);
      const [one, two] = await h.claim();
      if (!one || !two) throw new Error('two jobs were to be claimed');
      await h.settle(one, { outcome: 'completed' });
      await h.settle(two, { outcome: 'failed', error: BOOM, reason: 'error', retryIn: 0 });
      await h.complete({ priority: 1 });
      await h.settle(await h.claimOne(), { outcome: 'completed' });
      const told = await h.recorded(recorder);
      const before = told.flatMap((event, n) => (event.kind === 'drained' ? [told[n - 1]?.kind] : []));
      expect(before).toEqual(['completed', 'failed', 'failed', 'completed']);
    });

    test('tells nothing of what came before', async (h) => {
      await h.complete();
      const recorder = await h.record();
      const id = await h.add();
      const told = await h.recorded(recorder);
      expect(told.map((event) => [event.kind, event.id])).toEqual([['added', id]]);
      expect(told[0]?.seq).toBeGreaterThan(recorder.subscription?.seq ?? Number.NaN);
    });

    const filters: [what: string, options: Parameters<Harness['record']>[0], fits: (event: StoreEvent) => boolean][] = [
      ['kinds', { kinds: ['completed', 'failed'] }, (event) => ['completed', 'failed'].includes(event.kind)],
      ['ids', { ids: ['two', 'gone'] }, (event) => event.id === 'two'],
      ['types', { types: ['b', 'end'] }, (event) => event.type === 'b'],
      ['worker', { worker: 'w2' }, (event) => event.worker === 'w2'],
      [
        'all of them',
        { kinds: ['completed'], types: ['b'] },
        (event) => event.kind === 'completed' && event.type === 'b',
      ],
    ];
    for (const [what, options, fits] of filters) {
      test(`tells only what was asked for, by ${what}`, async (h) => {
        const everything = await h.record();
        const filtered = await h.record(options);
        await h.addAll([{ id: 'one' }, { id: 'two', type: 'b' }, { id: 'three', type: 'b' }]);
        for (const worker of ['w1', 'w2', 'w3']) {
          const claimed = await h.claimOne({ worker });
          await h.store.change({ change: { action: 'cancel' }, target: { ids: [claimed.job.id] } });
          await h.settle(claimed, worker === 'w3' ? { outcome: 'released' } : { outcome: 'completed' });
        }
        const expected = (await h.recorded(everything)).filter(fits);
        const last = expected.at(-1);
        expect(last).toBeDefined();
        await filtered.until((event) => event.seq === last?.seq && event.kind === last.kind, 'the last that fits');
        expect(filtered.events).toEqual(expected);
      });
    }

    test('disturbs nobody by a listener that throws', async (h) => {
      await h.store.subscribe({}, () => {
        throw new Error('a listener’s own fault');
      });
      const recorder = await h.record();
      const id = await h.complete();
      await h.add();
      const told = await h.recorded(recorder);
      expect(kinds(told)).toEqual(['added', 'started', 'completed', 'drained', 'added']);
      expect((await h.job(id)).status).toBe('completed');
    });

    test('lets a listener call the store', async (h) => {
      const answers: Promise<unknown>[] = [];
      await h.store.subscribe({ kinds: ['completed'] }, (told) => {
        for (const { id } of told) answers.push(h.store.add([{ type: 'next', data: id ?? null }]));
      });
      const recorder = await h.record();
      const id = await h.complete();
      const added = await recorder.until((event) => event.type === 'next', 'the follow-up job');
      expect((await h.job(added.id ?? '')).data).toBe(id);
      expect(await Promise.all(answers)).toMatchObject([[{ added: true }]]);
    });

    test('tells nothing any more once it is closed, and may be closed twice', async (h) => {
      const closed = await h.record();
      const recorder = await h.record();
      await h.add();
      await recorder.untilKind('added');
      await closed.subscription?.close();
      await closed.subscription?.close();
      const seen = closed.events.length;
      await h.add();
      expect(await h.recorded(recorder)).toHaveLength(2);
      expect(closed.events).toHaveLength(seen);
    });

    test('starts at a position whose state can be read', async (h) => {
      await h.addAll([{ id: 'before' }]);
      const recorder = await h.record();
      const known = new Set((await h.everything()).map((job) => job.id));
      await h.addAll([{ id: 'after-1' }, { id: 'after-2' }]);
      for (const event of await h.recorded(recorder)) known.add(event.id ?? '');
      expect([...known].sort()).toEqual(['after-1', 'after-2', 'before']);
    });

    test('tells kinds from the list of kinds only', async (h) => {
      const recorder = await h.record();
      await story(h);
      for (const event of await h.recorded(recorder)) expect(EVENT_KINDS).toContain(event.kind);
    });
  });

  describe('subscribe since an earlier position', () => {
    const resuming = test.needing('resumable-events');

    resuming('tells what was missed, and then goes on, with no gap and nothing twice', async (h) => {
      const whole = await h.record();
      await h.complete({ id: 'before' });
      const { seq } = await whole.untilKind('added', 'before');
      await story(h);
      const resumed = await h.record({ since: seq });
      const id = await h.add({ id: 'live' });
      await resumed.untilKind('added', id);
      await whole.untilKind('added', id);
      const expected = whole.events.filter((event) => event.seq > seq);
      expect(expected.length).toBeGreaterThan(10);
      expect(resumed.events).toEqual(expected);
    });

    resuming('tells nothing twice when the position is the newest', async (h) => {
      const whole = await h.record();
      await h.add();
      await h.recorded(whole);
      const { seq } = whole.events.at(-1) as StoreEvent;
      const resumed = await h.record({ since: seq });
      const id = await h.add();
      await resumed.untilKind('added', id);
      expect(resumed.events.map((event) => [event.kind, event.id])).toEqual([['added', id]]);
    });

    resuming('keeps to the filter', async (h) => {
      const whole = await h.record();
      await story(h);
      await h.recorded(whole);
      const options = { kinds: ['failed' as const], since: whole.subscription?.seq ?? 0 };
      const resumed = await h.record(options);
      const expected = whole.events.filter((event) => event.kind === 'failed');
      await resumed.until((event) => event.seq === expected.at(-1)?.seq, 'the last failure');
      expect(resumed.events).toEqual(expected);
    });

    test('either tells everything since, or says that something is missing', async (h) => {
      const whole = await h.record();
      const start = whole.subscription?.seq ?? 0;
      for (let batch = 0; batch < 20; batch++) await h.addAll(Array.from({ length: 100 }, () => ({})));
      await whole.until(() => whole.events.length >= 2_000, '2,000 added jobs');
      const late = await h.record({ since: start });
      const end = await h.add();
      await late.untilKind('added', end);
      if (late.events[0]?.kind === 'reset') {
        expect(late.events[0].seq).toBeGreaterThan(start);
      } else {
        expect(late.events.map((event) => event.seq).slice(0, 2_000)).toEqual(
          whole.events.map((event) => event.seq).slice(0, 2_000),
        );
      }
    });
  });
}

import { describe, expect, it } from 'vitest';
import { DuplicateJobError } from '../errors';
import type { ClaimedJob, JobStore } from '../store';
import { completed, EventLog, Gate, JournalLike, specs, turns, world } from './testing-kit';

/** Takes back at once, and says so only when the gate opens. */
class SlowTakeBack extends JournalLike {
  constructor(private readonly gate: Gate) {
    super();
  }

  override async takeBack(...args: Parameters<JournalLike['takeBack']>): Promise<number> {
    const count = await super.takeBack(...args);
    await this.gate.passed;
    return count;
  }
}

describe('a connection that is cut at any message', () => {
  const scenario = async (client: JobStore, log: EventLog) => {
    const subscription = await client.subscribe({}, log.take);
    const [one, two] = await Promise.all([client.add(specs(2)), client.add(specs(1, { id: 'mine', key: 'k' }))]);
    const claimed: ClaimedJob[] = [];
    while (claimed.length < 3) claimed.push(...(await client.claim({ worker: 'w', limit: 3, wait: true })));
    const reports = await client.report(claimed.map(({ job, token }) => ({ id: job.id, token, checkpoint: 'half' })));
    const last = claimed.pop() as ClaimedJob;
    const settled = await client.settle(completed(claimed));
    const failed = await client.settle([
      { id: last.job.id, token: last.token, outcome: 'failed', error: { name: 'E', message: 'm' }, reason: 'error' },
    ]);
    const retried = await client.change({ change: { action: 'retry' }, target: { ids: [last.job.id] } });
    await client.pause(true, { type: 'b' });
    const [job] = await client.get([last.job.id]);
    await log.until(({ kinds }) => kinds.includes('paused'));
    await subscription.close();
    await client.close();
    return { added: [...one, ...two], reports, settled, failed, retried, job };
  };

  // Enough for the whole scenario: the last one is never cut.
  it.each(Array.from({ length: 40 }, (_, n) => n + 1))(
    'does all the same what it should, cut after message %i',
    async (at) => {
      for (const again of [Number.POSITIVE_INFINITY, 6, 8]) {
        const { client, store } = world({ cuts: [at, again], sameServer: true });
        const log = new EventLog();
        const { added, reports, settled, failed, retried, job } = await scenario(client, log);
        expect(added.map((result) => result.added)).toEqual([true, true, true]);
        expect(reports.map(({ accepted }) => accepted)).toEqual([true, true, true]);
        expect(settled).toMatchObject([
          { accepted: true, status: 'completed' },
          { accepted: true, status: 'completed' },
        ]);
        expect(failed).toMatchObject([{ accepted: true, status: 'failed' }]);
        expect(retried).toMatchObject({ matched: 1, changed: 1, skipped: [] });
        expect(job).toMatchObject({ status: 'pending', metadata: { retries: 1, checkpoint: 'half' } });
        expect(job?.metadata.crashes).toBeUndefined();
        expect(await store.counts()).toMatchObject({ pending: 1, active: 0, completed: 2, failed: 0 });
        // Each change once, in order; claims whose answer was lost show as released and started again.
        const counted = (kind: string) => log.kinds.filter((each) => each === kind).length;
        expect(log.events.map(({ seq }) => seq)).toEqual([...log.events.map(({ seq }) => seq)].sort((a, b) => a - b));
        expect(counted('added')).toBe(3);
        expect(counted('completed')).toBe(2);
        expect(counted('failed')).toBe(1);
        expect(counted('started') - counted('released')).toBe(3);
        expect(counted('reset')).toBe(0);
      }
    },
  );

  it.each(Array.from({ length: 40 }, (_, n) => n + 1))(
    'and a new server that remembers no answers, cut after message %i',
    async (at) => {
      const { client, store } = world({ cuts: [at] });
      const log = new EventLog();
      const { added, settled, failed, job } = await scenario(client, log);
      // Whether a job with an id of the caller's own was there before cannot be told without the first answer.
      expect(added.slice(0, 2).map((result) => result.added)).toEqual([true, true]);
      expect(added[2]?.id).toBe('mine');
      expect([...settled, ...failed].every(({ accepted }) => accepted)).toBe(true);
      expect(job).toMatchObject({ status: 'pending', metadata: { retries: 1 } });
      expect(await store.counts()).toMatchObject({ pending: 1, active: 0, completed: 2, failed: 0 });
      expect(log.kinds.filter((kind) => kind === 'added')).toHaveLength(3);
    },
  );
});

describe('calls whose answer is lost', () => {
  /** Makes a call whose answer never arrives, on a server that is gone afterwards. */
  async function withLostAnswer<Result>(
    call: (client: JobStore) => Promise<Result>,
    before?: (store: JobStore) => unknown,
    between?: (store: JobStore) => unknown,
  ) {
    const { client, store, cut, pairs } = world();
    await before?.(store);
    await client.open();
    const seen = store.table.seq;
    const answer = call(client);
    answer.catch(() => {});
    // The server has done it, and the answer is on its way.
    while (store.table.seq === seen) await turns(1);
    cut();
    await between?.(store);
    const result = await answer.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    expect(pairs.length).toBe(2);
    return { result, store, client };
  }

  it('add: jobs are added once, and count as added', async () => {
    const { result, store } = await withLostAnswer((client) =>
      client.add([
        { type: 'a', data: 1 },
        { type: 'a', data: 2, key: 'k' },
        { type: 'a', data: 3, key: 'k' },
      ]),
    );
    expect(result).toMatchObject({ value: [{ added: true }, { added: true }, { added: false }] });
    expect((await store.counts()).pending).toBe(2);
  });

  it('add that rejects duplicates: its own first try is none', async () => {
    const { result } = await withLostAnswer((client) =>
      client.add(
        [
          { type: 'a', data: 1, id: 'mine' },
          { type: 'a', data: 2 },
        ],
        { onDuplicate: 'reject' },
      ),
    );
    expect(result).toMatchObject({ value: [{ id: 'mine', added: true }, { added: true }] });
  });

  it('add that rejects duplicates, with ids of the caller’s own alone: cannot be told, and is said', async () => {
    const { result } = await withLostAnswer((client) =>
      client.add([{ type: 'a', data: 1, id: 'mine' }], { onDuplicate: 'reject' }),
    );
    expect(result).toMatchObject({ error: expect.any(DuplicateJobError) });
  });

  it('claim: the jobs go back without an attempt spent, and are claimed again', async () => {
    const { result, store } = await withLostAnswer(
      (client) => client.claim({ worker: 'w', limit: 2, wait: true }),
      (host) => host.add(specs(2)),
    );
    const jobs = (result as { value: ClaimedJob[] }).value;
    expect(jobs.map(({ job }) => job.attempt)).toEqual([1, 1]);
    expect((await store.settle(completed(jobs))).every(({ accepted }) => accepted)).toBe(true);
  });

  it('claim: jobs that the worker runs already stay with it', async () => {
    const { client, store, cut } = world();
    await client.add(specs(2));
    const running = await client.claim({ worker: 'w', limit: 1, wait: false });
    const lost = client.claim({ worker: 'w', limit: 1, wait: true });
    const { seq } = store.table;
    while (store.table.seq === seq) await turns(1);
    cut();
    const arrived = await lost;
    expect(arrived[0]?.job.id).not.toBe(running[0]?.job.id);
    expect(await client.settle(completed([...running, ...arrived]))).toMatchObject([
      { accepted: true },
      { accepted: true },
    ]);
  });

  it('takeBack: what was claimed since is kept', async () => {
    const gate = new Gate();
    const { client, store, cut } = world({ store: new SlowTakeBack(gate) });
    await client.add(specs(2));
    await client.claim({ worker: 'w', limit: 1, wait: false });
    const back = client.takeBack(['w'], 'released');
    const jobs = await client.claim({ worker: 'w', limit: 2, wait: false });
    expect(jobs).toHaveLength(2);
    cut();
    gate.open();
    expect(await back).toBe(0);
    expect(await client.settle(completed(jobs))).toMatchObject([{ accepted: true }, { accepted: true }]);
    expect((await store.counts()).completed).toBe(2);
  });

  it('settle, after the job was claimed by another meanwhile: still counts', async () => {
    const { client, store, cut } = world();
    await client.add(specs(1));
    const [claimed] = await client.claim({ worker: 'w', limit: 1, wait: false });
    const { job, token } = claimed as ClaimedJob;
    const { seq } = store.table;
    const settled = client.settle([
      { id: job.id, token, outcome: 'failed', error: { name: 'E', message: 'm' }, reason: 'error', retryIn: 0 },
    ]);
    while (store.table.seq === seq) await turns(1);
    cut();
    const [other] = await store.claim({ worker: 'other', limit: 1, wait: false });
    expect(await settled).toMatchObject([{ accepted: true }]);
    expect(await store.settle(completed([other as ClaimedJob]))).toMatchObject([{ accepted: true }]);
  });

  it('remove and cancel: the state is as asked', async () => {
    const { result, store } = await withLostAnswer(
      (client) => client.change({ change: { action: 'remove' }, target: { ids: ['gone'] } }),
      (host) => host.add(specs(1, { id: 'gone' })),
    );
    expect(result).toMatchObject({ value: { matched: 1, changed: 0, skipped: [{ reason: 'not-found' }] } });
    expect(await store.get(['gone'])).toEqual([null]);
  });
});

import { describe, expect, it } from 'vitest';
import { ConnectionError, DuplicateJobError, StoreClosedError, StoreFormatError, StoreWriteError } from '../errors';
import { MemoryStore } from '../memory-store';
import type { ClaimedJob, JobStore } from '../store';
import { FakeClock } from '../testing/index';
import { FailoverStore, type OpenedStore, reconnectingStore } from './failover-store';
import { type MemoryChannelPair, memoryChannelPair } from './memory-channel';
import { RemoteStore } from './remote-store';
import { serveStore } from './serve-store';
import { addOne, asAnotherServer, completed, EventLog, specs, turns } from './testing-kit';

/** A store that claims to be persistent, so that its sequence numbers go on over servers: as the journal's do. */
class JournalLike extends MemoryStore {
  override readonly capabilities = { ...new MemoryStore().capabilities, persistent: true };
}

/**
 * A client of jobs that outlive their servers. Every connection is to a new server, which remembers no answers, unless `sameServer`;
 * and every server knows that its clients are not dead.
 */
function world({ cuts = [] as number[], sameServer = false, store = new JournalLike() as MemoryStore } = {}) {
  const pairs: MemoryChannelPair[] = [];
  const client = reconnectingStore(async () => {
    const pair = memoryChannelPair({ cutAfter: cuts[pairs.length] ?? Number.POSITIVE_INFINITY });
    serveStore(sameServer ? store : asAnotherServer(store), pair.b, { onGone: () => {} });
    pairs.push(pair);
    return pair.a;
  });
  return { client, store, pairs, cut: () => pairs.at(-1)?.cut() };
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
    const { client, store, cut } = world();
    await client.add(specs(2));
    await client.claim({ worker: 'w', limit: 1, wait: false });
    const { seq } = store.table;
    const back = client.takeBack(['w'], 'released');
    const claimed = client.claim({ worker: 'w', limit: 2, wait: false });
    while (store.table.seq < seq + 3) await turns(1);
    cut();
    const jobs = await claimed;
    expect(jobs).toHaveLength(2);
    expect(await back).toBe(0);
    expect(await client.settle(completed(jobs))).toMatchObject([{ accepted: true }, { accepted: true }]);
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

describe('from a client to an owner', () => {
  /** First a client of `first`; when that goes, it opens the jobs itself. */
  function heir(first: MemoryStore, options: { clock?: FakeClock } = {}) {
    const pair = memoryChannelPair();
    const server = serveStore(first, pair.b, { onGone: () => {} });
    const opened: OpenedStore[] = [];
    const store = new FailoverStore(async (identity) => {
      const remote = opened.length === 0 ? new RemoteStore(pair.a, identity) : undefined;
      opened.push(remote ? { store: remote, lost: remote.lost } : { store: first });
      return opened.at(-1) as OpenedStore;
    }, options);
    return { store, server, pair, opened };
  }

  it('callers, running jobs and subscriptions go on', async () => {
    const owner = new JournalLike();
    const { store, server, opened } = heir(owner);
    const log = new EventLog();
    await store.subscribe({}, log.take);
    await store.add(specs(3));
    const running = await store.claim({ worker: 'w', limit: 2, wait: false });
    await store.settle(completed(running.splice(0, 1)));
    const waiting = store.claim({ worker: 'w', limit: 1, types: { b: 1 }, wait: true });
    await turns();
    await server.close();
    await store.add(specs(1, { type: 'b' }));
    const arrived = await waiting;
    expect(opened).toHaveLength(2);
    expect(await store.settle(completed([...running, ...arrived]))).toMatchObject([
      { accepted: true },
      { accepted: true },
    ]);
    await log.until(({ kinds }) => kinds.filter((kind) => kind === 'completed').length === 3);
    expect(log.kinds).toEqual([
      ...['added', 'added', 'added', 'started', 'started', 'completed'],
      ...['added', 'started', 'completed', 'completed'],
    ]);
    await store.close();
    await expect(owner.counts()).rejects.toThrow(StoreClosedError);
  });

  it('a store that is refused what it has to settle first tries again, and holds back claims until then', async () => {
    const clock = new FakeClock();
    const owner = new JournalLike({ clock });
    let full = 2;
    const takeBack = owner.takeBack.bind(owner);
    const { store, pair } = heir(owner, { clock });
    await store.add(specs(1));
    const running = await store.claim({ worker: 'w', limit: 1, wait: false });
    owner.takeBack = async (...args) => {
      if (full-- > 0) throw new StoreWriteError('disk full', new Error('ENOSPC'));
      return takeBack(...args);
    };
    pair.cut();
    const settled = store.settle(completed(running));
    await clock.advance(1_500);
    expect(await store.health()).toMatchObject({ status: 'degraded' });
    await clock.advance(1_500);
    expect(await settled).toMatchObject([{ accepted: true }]);
    expect(full).toBe(-1);
  });
});

describe('subscriptions', () => {
  it('miss nothing and repeat nothing over a reconnect, log lines included', async () => {
    const { client, store, cut } = world();
    const log = new EventLog();
    await client.subscribe({}, log.take);
    await client.add(specs(1));
    const [claimed] = await client.claim({ worker: 'w', limit: 1, wait: false });
    const { job, token } = claimed as ClaimedJob;
    const say = (message: string) =>
      store.report([{ id: job.id, token, logs: [{ at: '2025-01-30T12:00:00.000Z', level: 'info', message }] }]);
    await say('one');
    await log.until(({ kinds }) => kinds.includes('log'));
    cut();
    await say('two');
    await log.until(({ kinds }) => kinds.filter((kind) => kind === 'log').length === 2);
    await say('three');
    await store.settle(completed([{ job, token }]));
    await log.until(({ kinds }) => kinds.includes('drained'));
    expect(log.events.flatMap(({ logs = [] }) => logs.map(({ message }) => message))).toEqual(['one', 'two', 'three']);
    expect(log.kinds.filter((kind) => kind !== 'log')).toEqual(['added', 'started', 'completed', 'drained']);
  });

  it('tell a reset when the next store has not got the past', async () => {
    const stores = [new MemoryStore(), new MemoryStore()];
    const pairs: MemoryChannelPair[] = [];
    const client = reconnectingStore(async () => {
      const pair = memoryChannelPair();
      serveStore(stores[pairs.length] as MemoryStore, pair.b);
      pairs.push(pair);
      return pair.a;
    });
    const log = new EventLog();
    await client.subscribe({}, log.take);
    await client.add(specs(5));
    pairs[0]?.cut();
    await log.until(({ kinds }) => kinds.includes('reset'));
    await client.add(specs(1));
    await log.until(({ kinds }) => kinds.at(-1) === 'added');
    expect(log.kinds.slice(5)).toEqual(['reset', 'added']);
    expect(log.events.at(-1)?.seq).toBe(1);
  });

  it('that were closed meanwhile stay closed; those made meanwhile start', async () => {
    const { client, cut } = world();
    const [old, fresh] = [new EventLog(), new EventLog()];
    const subscription = await client.subscribe({}, old.take);
    cut();
    const starting = client.subscribe({}, fresh.take);
    await subscription.close();
    await starting;
    await client.add(specs(1));
    await fresh.until(({ kinds }) => kinds.includes('added'));
    expect(old.events).toEqual([]);
  });
});

describe('while there is no store', () => {
  /** A store that cannot be reached after the first time, until `repair`. */
  function fragile(options: { patience?: number; error?: Error } = {}) {
    const clock = new FakeClock();
    const store = new JournalLike({ clock });
    let broken: Error | undefined;
    let attempts = 0;
    let pair = memoryChannelPair();
    const client = reconnectingStore(
      async () => {
        attempts++;
        if (broken) throw broken;
        pair = memoryChannelPair();
        serveStore(asAnotherServer(store), pair.b, { onGone: () => {} });
        return pair.a;
      },
      { clock, ...(options.patience !== undefined && { patience: options.patience }) },
    );
    return {
      client,
      clock,
      store,
      attempts: () => attempts,
      fail: () => {
        broken = options.error ?? new ConnectionError('refused');
        pair.cut();
      },
      repair: () => {
        broken = undefined;
      },
    };
  }

  it('the first time, the error is the caller’s at once; the next call tries again', async () => {
    const { client, fail, repair, attempts } = fragile();
    fail();
    await expect(client.counts()).rejects.toThrow('refused');
    await expect(client.open()).rejects.toThrow('refused');
    await expect(client.subscribe({}, () => {})).rejects.toThrow('refused');
    expect(attempts()).toBe(3);
    repair();
    expect((await client.counts()).pending).toBe(0);
  });

  it('calls wait, in order, and it is tried again and again', async () => {
    const { client, clock, fail, repair, attempts, store } = fragile();
    await client.open();
    fail();
    const adding = [client.add(specs(1, { id: 'a' })), client.add(specs(1, { id: 'b' }))];
    await clock.advance(5_000);
    expect(attempts()).toBeGreaterThan(6);
    expect(attempts()).toBeLessThan(20);
    expect(await client.health()).toMatchObject({ status: 'degraded', problems: [expect.stringContaining('refused')] });
    repair();
    await clock.advance(1_000);
    await Promise.all(adding);
    expect((await store.list()).jobs.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(await client.health()).toMatchObject({ status: 'ok' });
  });

  it('an aborted claim ends at once', async () => {
    const { client, fail } = fragile();
    await client.open();
    fail();
    await turns();
    const stop = new AbortController();
    const claim = client.claim({ worker: 'w', limit: 1, wait: true }, { signal: stop.signal });
    stop.abort();
    expect(await claim).toEqual([]);
  });

  it('patience ends: calls fail, and work again when there is a store', async () => {
    const { client, clock, fail, repair } = fragile({ patience: 3_000 });
    const log = new EventLog();
    await client.subscribe({}, log.take);
    fail();
    const waiting = [client.counts(), client.claim({ worker: 'w', limit: 1, wait: true })];
    for (const call of waiting) call.catch(() => {});
    await clock.advance(3_000);
    for (const call of waiting) await expect(call).rejects.toThrow(/No store could be opened for 3000 ms/);
    await expect(client.add(specs(1))).rejects.toThrow(ConnectionError);
    await expect(client.subscribe({}, () => {})).rejects.toThrow(ConnectionError);
    repair();
    await clock.advance(1_000);
    await turns();
    await client.add(specs(1));
    await log.until(({ kinds }) => kinds.includes('added'));
  });

  it('an error that does not pass by itself is told at once', async () => {
    const { client, clock, fail, repair } = fragile({ error: new StoreFormatError('9', '1') });
    await client.open();
    fail();
    await expect(client.counts()).rejects.toThrow(StoreFormatError);
    repair();
    await clock.advance(1_000);
    expect((await client.counts()).pending).toBe(0);
  });

  it('close makes no more attempts than the one under way, and fails what waits', async () => {
    const { client, clock, fail, attempts } = fragile();
    await client.open();
    fail();
    const call = client.add(specs(1));
    call.catch(() => {});
    await clock.advance(100);
    const before = attempts();
    const closed = client.close();
    await clock.advance(0);
    await closed;
    await expect(call).rejects.toThrow(ConnectionError);
    expect(attempts()).toBeLessThanOrEqual(before + 1);
    await expect(client.counts()).rejects.toThrow(StoreClosedError);
  });
});

describe('close', () => {
  it('acknowledges what is under way, even over a cut, and gives jobs back', async () => {
    const { client, store, cut } = world();
    await client.add(specs(2));
    const jobs = await client.claim({ worker: 'w', limit: 2, wait: false });
    cut();
    const settled = client.settle(completed(jobs.slice(0, 1)));
    await client.close();
    expect(await settled).toMatchObject([{ accepted: true }]);
    expect(await store.counts()).toMatchObject({ completed: 1, pending: 1, active: 0 });
  });

  it('of a store that nobody used opens nothing', async () => {
    let opened = 0;
    const client = new FailoverStore(async () => {
      opened++;
      return { store: new MemoryStore() };
    });
    await client.close();
    await client.close();
    expect(opened).toBe(0);
  });

  it('tries nothing again afterwards', async () => {
    const { client, pairs, cut } = world();
    await client.open();
    await client.close();
    cut();
    await turns();
    expect(pairs).toHaveLength(1);
  });
});

it('opens another store when the one that it just opened is lost already', async () => {
  const store = new MemoryStore();
  let opened = 0;
  const client = new FailoverStore(async () => {
    opened++;
    return opened < 4 ? { store: asAnotherServer(store), lost: Promise.resolve() } : { store };
  });
  await client.open();
  await turns();
  expect(opened).toBe(4);
  expect((await client.counts()).pending).toBe(0);
  await client.close();
});

it('goes on when a store is closed behind its back', async () => {
  const stores = [new MemoryStore(), new MemoryStore()];
  let opened = 0;
  const client = new FailoverStore(async () => ({ store: stores[opened++] as MemoryStore }));
  await client.open();
  await stores[0]?.close();
  expect(await client.add(specs(1))).toMatchObject([{ added: true }]);
  expect(opened).toBe(2);
});

it('refuses a claim that is none, and is not confused by it', async () => {
  const { client } = world();
  await expect(client.claim(null as never)).rejects.toThrow();
  await client.close();
});

it('hands a validator to every store that takes one', async () => {
  const heard: string[] = [];
  const validator = { types: () => ['a'], validate: async () => [] };
  const withValidator = (name: string): JobStore =>
    Object.assign(new MemoryStore(), { setValidator: (given: unknown) => given === validator && heard.push(name) });
  let lose: (() => void) | undefined;
  const client = new FailoverStore(async () => ({
    store: withValidator(lose ? 'second' : 'first'),
    lost: new Promise<void>((resolve) => {
      lose = resolve;
    }),
  }));
  await client.open();
  client.setValidator(validator);
  lose?.();
  await turns();
  expect(heard).toEqual(['first', 'second']);
  await addOne(client);
});

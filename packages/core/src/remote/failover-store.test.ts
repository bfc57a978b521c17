import { describe, expect, it } from 'vitest';
import { ConnectionError, StoreClosedError, StoreFormatError, StoreWriteError } from '../errors';
import { MemoryStore } from '../memory-store';
import type { ClaimedJob, JobStore } from '../store';
import { FakeClock } from '../testing/index';
import { FailoverStore } from './failover-store';
import { type MemoryChannelPair, memoryChannelPair } from './memory-channel';
import type { OpenedStore } from './opened-store';
import { reconnectingStore } from './reconnecting-store';
import { RemoteStore } from './remote-store';
import { serveStore } from './serve-store';
import { addOne, asAnotherServer, completed, EventLog, Gate, JournalLike, specs, turns, world } from './testing-kit';

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

// Some turns later the answer is under way, and lost with the connection.
it.each([0, 1, 2, 3])(
  'gets back what a claim was given, also after its worker was taken back, when the connection breaks %i turns later',
  async (later) => {
    const { client, store, cut } = world();
    const waiting = client.claim({ worker: 'w', limit: 1, wait: true });
    await client.takeBack(['w'], 'released');
    const id = await addOne(store);
    await turns(later);
    cut();
    expect(await waiting).toMatchObject([{ job: { id, attempt: 1 } }]);
  },
);

it('holds on to a job that was claimed behind the taking back of its worker, and came before that was answered', async () => {
  const { client, store, cut } = world();
  const takeBack = store.takeBack.bind(store);
  const gate = new Gate();
  store.takeBack = async (...args) => {
    const count = await takeBack(...args);
    await gate.passed;
    return count;
  };
  const id = await addOne(store);
  await client.claim({ worker: 'w', limit: 1, wait: false });
  const back = client.takeBack(['w'], 'released');
  const claimed = await client.claim({ worker: 'w', limit: 1, wait: false });
  gate.open();
  expect(await back).toBe(1);
  cut();
  expect(await client.claim({ worker: 'w', limit: 1, wait: false })).toEqual([]);
  expect(claimed).toMatchObject([{ job: { id, attempt: 1 } }]);
  expect(await client.settle(completed(claimed))).toMatchObject([{ accepted: true }]);
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

  it('that begin in the past miss nothing of it, though the connection breaks before it is told', async () => {
    const store = new JournalLike();
    const subscribe = store.subscribe.bind(store);
    // It looks up the past, and tells it some time after its answer.
    store.subscribe = (options, listener) =>
      subscribe(options, (events) => void turns(10).then(() => listener(events)));
    const { client, cut } = world({ store });
    await store.subscribe({}, () => {});
    await store.add(specs(4));
    const log = new EventLog();
    await client.subscribe({ since: 1 }, log.take);
    cut();
    await client.add(specs(1));
    await log.until(({ events }) => events.at(-1)?.seq === 5);
    expect(log.events.map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
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

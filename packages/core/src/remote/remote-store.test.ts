import { describe, expect, it } from 'vitest';
import { ConnectionError, DuplicateJobError, StoreClosedError, ValidationError } from '../errors';
import type { JobSpec } from '../job';
import { MemoryStore } from '../memory-store';
import { type Channel, MessageTooLargeError } from './channel';
import { memoryChannelPair } from './memory-channel';
import { RemoteStore } from './remote-store';
import { serveStore } from './serve-store';
import { completed, connected, EventLog, specs, turns } from './testing-kit';

/** Notes what passes a channel, and refuses messages over a size. */
function watched(
  channel: Channel,
  limit = Number.POSITIVE_INFINITY,
): { channel: Channel; frames: { m?: string; a?: unknown[] }[] } {
  const frames: { m?: string; a?: unknown[] }[] = [];
  const send = (message: unknown): void => {
    const bytes = JSON.stringify(message).length;
    if (bytes > limit) throw new MessageTooLargeError(bytes, limit);
    frames.push(message as { m?: string });
    channel.send(message);
  };
  return {
    channel: new Proxy(channel, { get: (target, key) => (key === 'send' ? send : bound(target, key)) }),
    frames,
  };
}

function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key);
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('opening', () => {
  it('happens by itself, once, whatever is called first', async () => {
    const { a, b } = memoryChannelPair();
    const { channel, frames } = watched(a);
    serveStore(new MemoryStore(), b);
    const client = new RemoteStore(channel);
    await Promise.all([client.counts(), client.open(), client.add(specs(1)), client.subscribe({}, () => {})]);
    expect(frames.filter(({ m }) => m === 'hello')).toHaveLength(1);
    expect(client.server?.protocol).toBe(1);
    expect(client.capabilities).toMatchObject({ name: 'memory', shared: true });
  });

  it('fails with both versions when the server speaks another', async () => {
    const { a, b } = memoryChannelPair();
    b.onMessage((frame) =>
      b.send({ t: 's', i: (frame as { i: string }).i, r: { protocol: 9, capabilities: {}, instance: 'x' } }),
    );
    const client = new RemoteStore(a);
    const calls = [client.open(), client.counts()];
    for (const call of calls) await expect(call).rejects.toThrow(ConnectionError);
    await expect(client.open()).rejects.toThrow(/version 9.*version 1/);
  });

  it('fails when the channel closes before the welcome', async () => {
    const { a, b } = memoryChannelPair();
    const client = new RemoteStore(a);
    const calls = [client.open(), client.counts(), client.claim({ worker: 'w', limit: 1, wait: true })];
    b.close();
    for (const call of calls) await expect(call).rejects.toThrow(ConnectionError);
  });
});

describe('calls of one turn', () => {
  it('travel in one frame, and get one back', async () => {
    const { a, b } = memoryChannelPair();
    const [there, back] = [watched(a), watched(b)];
    serveStore(new MemoryStore(), back.channel);
    const client = new RemoteStore(there.channel);
    await client.open();
    const results = await Promise.all(
      Array.from({ length: 500 }, (_, n) => client.add([{ type: 'a', data: n, id: `j${n}` }])),
    );
    expect(results.map(([result]) => result?.id)).toEqual(Array.from({ length: 500 }, (_, n) => `j${n}`));
    expect(there.frames.filter(({ m }) => m === 'send')).toHaveLength(1);
    expect(back.frames.filter(({ m }) => m === 'answers')).toHaveLength(1);
  });

  it('succeed and fail each on its own', async () => {
    const { client } = connected(new MemoryStore());
    const circular: unknown[] = [];
    circular.push(circular);
    const results = await Promise.allSettled([
      client.add(specs(1, { id: 'one' })),
      client.add([{ type: 'a', data: circular as never }]),
      client.add([...specs(1), { type: 'a', data: { n: 1n } as never }]),
      client.add(specs(1, { id: 'one' }), { onDuplicate: 'reject' }),
      client.add(specs(2, { priority: 11 })),
      client.add(specs(1, { id: 'two' })),
    ]);
    expect(results[0]).toMatchObject({ status: 'fulfilled' });
    expect(results[1]).toMatchObject({ reason: { code: 'INVALID', issues: [{ path: ['data'] }] } });
    expect(results[2]).toMatchObject({ reason: { code: 'INVALID', issues: [{ path: [1, 'data'] }] } });
    expect(results[3]).toMatchObject({ reason: expect.any(DuplicateJobError) });
    expect(results[4]).toMatchObject({ reason: { issues: [{ path: [0, 'priority'] }, { path: [1, 'priority'] }] } });
    expect(results[5]).toMatchObject({ status: 'fulfilled' });
    expect((await client.counts()).pending).toBe(2);
  });
});

describe('values that JSON would change in silence', () => {
  const cases: [string, (client: RemoteStore) => Promise<unknown>, (string | number)[]][] = [
    ['a priority of NaN', (c) => c.add(specs(1, { priority: Number.NaN })), ['priority']],
    ['an infinite time', (c) => c.add(specs(2, { runAt: Number.POSITIVE_INFINITY })), [0, 'runAt']],
    [
      'a jitter of NaN',
      (c) => c.add(specs(1, { backoff: { type: 'fixed', delay: 1, jitter: Number.NaN } })),
      ['backoff', 'jitter'],
    ],
    ['a function as data', (c) => c.add([{ type: 'a', data: (() => {}) as never }]), ['data']],
    [
      'an edit to NaN',
      (c) => c.change({ change: { action: 'edit', patch: { runAt: Number.NaN } }, target: { ids: [] } }),
      ['change', 'patch', 'runAt'],
    ],
    ['a limit of NaN', (c) => c.list({ limit: Number.NaN }), ['limit']],
  ];
  it.each(cases)('are refused: %s', async (_name, call, path) => {
    const { client } = connected(new MemoryStore());
    const error: unknown = await call(client).catch((reason) => reason);
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({ issues: expect.arrayContaining([expect.objectContaining({ path })]) });
  });

  it('are sent as JSON where a port would refuse to copy them', async () => {
    const { client } = connected(new MemoryStore(), { format: 'clone' });
    const [added] = await client.add([{ type: 'a', data: { keep: 1, run: () => {} } as never }]);
    expect((await client.get([added?.id ?? '']))[0]?.data).toEqual({ keep: 1 });
  });

  it('fail the job when they are its result', async () => {
    const { client } = connected(new MemoryStore());
    await client.add(specs(1));
    const [claimed] = await client.claim({ worker: 'w', limit: 1, wait: false });
    const { job, token } = claimed as NonNullable<typeof claimed>;
    expect(await client.settle([{ id: job.id, token, outcome: 'completed', result: 1n as never }])).toMatchObject([
      { accepted: true, status: 'failed' },
    ]);
  });
});

describe('messages over the channel’s limit', () => {
  const big = (id: string): JobSpec => ({ type: 'a', data: 'x'.repeat(1_000), id });
  function limited(store = new MemoryStore()): RemoteStore {
    const { a, b } = memoryChannelPair();
    serveStore(store, watched(b, 4_000).channel);
    return new RemoteStore(watched(a, 4_000).channel);
  }

  it('end the connection when not even the error can be sent', async () => {
    const { a, b } = memoryChannelPair();
    const mute = (frame: unknown): void => {
      if ((frame as { m?: string }).m === 'answers') throw new Error('broken');
      b.send(frame);
    };
    serveStore(new MemoryStore(), new Proxy(b, { get: (target, key) => (key === 'send' ? mute : bound(target, key)) }));
    await expect(new RemoteStore(a).counts()).rejects.toThrow(ConnectionError);
  });

  it('fail their caller alone', async () => {
    const client = limited();
    const [tooLarge, fits] = await Promise.allSettled([
      client.add(['a', 'b', 'c', 'd'].map(big)),
      client.add([big('e')]),
    ]);
    expect(tooLarge).toMatchObject({ reason: { code: 'MESSAGE_TOO_LARGE' } });
    expect(fits).toMatchObject({ value: [{ id: 'e', added: true }] });
  });

  it('are answered with the error when the answer is too large', async () => {
    const client = limited();
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => client.add([big(id)])));
    await expect(client.list()).rejects.toThrow(MessageTooLargeError);
    expect((await client.list({ limit: 1 })).jobs).toHaveLength(1);
  });

  it('bring of claimed jobs as many as fit, and give the others back', async () => {
    const store = new MemoryStore();
    const client = limited(store);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => client.add([big(id)])));
    const jobs = await client.claim({ worker: 'w', limit: 5, wait: false });
    expect(jobs.map(({ job }) => job.id)).toEqual(['a', 'b']);
    await turns();
    expect(await store.counts()).toMatchObject({ active: 2, pending: 3 });
    expect((await store.get(['c']))[0]).toMatchObject({ attempt: 0 });
  });
});

describe('a claim that waits', () => {
  it('ends at once when it is aborted, and the server stops waiting', async () => {
    const store = new MemoryStore();
    const { client } = connected(store);
    const stop = new AbortController();
    const claim = client.claim({ worker: 'w', limit: 1, wait: true }, { signal: stop.signal });
    await turns();
    stop.abort();
    expect(await claim).toEqual([]);
    await turns();
    await store.add(specs(1));
    await turns();
    expect((await store.counts()).pending).toBe(1);
  });

  it('is not even sent when it was aborted before', async () => {
    const { client } = connected(new MemoryStore());
    await client.add(specs(1));
    expect(await client.claim({ worker: 'w', limit: 1, wait: true }, { signal: AbortSignal.abort() })).toEqual([]);
    expect((await client.counts()).pending).toBe(1);
  });

  // The abort meets the answer at every possible point of its way.
  it.each(Array.from({ length: 12 }, (_, n) => n))(
    'loses no job when the abort crosses it after %i turns',
    async (after) => {
      const store = new MemoryStore();
      const { client } = connected(store);
      const stop = new AbortController();
      const claim = client.claim({ worker: 'w', limit: 1, wait: true }, { signal: stop.signal });
      await turns();
      await store.add(specs(1));
      await turns(after);
      stop.abort();
      const jobs = await claim;
      await turns();
      const { active, pending } = await store.counts();
      expect({ active, pending }).toEqual(jobs.length === 1 ? { active: 1, pending: 0 } : { active: 0, pending: 1 });
      const [again] = await client.claim({ worker: 'w', limit: 1, wait: false });
      if (jobs.length === 0) expect(again?.job.attempt).toBe(1);
    },
  );
});

describe('close', () => {
  it('waits for answers, ends claims, gives jobs back and leaves the server’s store open', async () => {
    const store = new MemoryStore();
    const { client, server } = connected(store);
    await client.add(specs(1));
    await client.claim({ worker: 'w', limit: 1, wait: false });
    const waiting = client.claim({ worker: 'w', limit: 1, wait: true });
    const added = client.add(specs(1, { type: 'b' }));
    const closed = client.close();
    await expect(waiting).rejects.toThrow(StoreClosedError);
    expect(await added).toMatchObject([{ added: true }]);
    await closed;
    await server.closed;
    expect(await store.counts()).toMatchObject({ pending: 2, active: 0 });
    for (const call of [
      client.open(),
      client.counts(),
      client.subscribe({}, () => {}),
      client.claim({ worker: 'w', limit: 1, wait: true }, { signal: AbortSignal.abort() }),
    ]) {
      await expect(call).rejects.toThrow(StoreClosedError);
    }
    await client.close();
  });

  it('works when nobody was ever reached, and when the connection is gone', async () => {
    await new RemoteStore(memoryChannelPair().a).close();
    const { client, pair } = connected(new MemoryStore());
    await client.open();
    pair.cut();
    await client.close();
  });

  it('is no loss of the connection', async () => {
    const { client } = connected(new MemoryStore());
    await client.open();
    let lost = false;
    client.lost.then(() => {
      lost = true;
    });
    await client.close();
    await turns();
    expect(lost).toBe(false);
  });
});

describe('a lost connection', () => {
  it('fails whatever is pending, and every call after it', async () => {
    const { client, pair } = connected(new MemoryStore());
    await client.open();
    const calls = [client.counts(), client.claim({ worker: 'w', limit: 1, wait: true })];
    pair.cut(new Error('the cable'));
    for (const call of calls) await expect(call).rejects.toThrow(/lost: the cable/);
    await expect(client.add(specs(1))).rejects.toThrow(ConnectionError);
    expect(await client.lost).toMatchObject({ code: 'CONNECTION' });
  });
});

describe('events', () => {
  it('come to each subscription as it asked, and end with it', async () => {
    const { client } = connected(new MemoryStore());
    const [all, some] = [new EventLog(), new EventLog()];
    await client.subscribe({}, all.take);
    const subscription = await client.subscribe({ types: ['b'] }, some.take);
    await client.subscribe({}, () => {
      throw new Error('a listener in trouble');
    });
    await client.add([...specs(1), ...specs(1, { type: 'b' })]);
    expect(some.events).toMatchObject([{ kind: 'added', type: 'b' }]);
    await subscription.close();
    await subscription.close();
    await client.add(specs(1, { type: 'b' }));
    expect(some.events).toHaveLength(1);
    expect(all.events).toHaveLength(3);
  });

  it('of a crowd come complete: more than a window of frames', async () => {
    const { client } = connected(new MemoryStore());
    const log = new EventLog();
    await client.subscribe({ kinds: ['added'] }, log.take);
    for (let n = 0; n < 5; n++) await client.add(specs(4_000));
    await log.until(({ events }) => events.length === 20_000);
    expect(log.events.every(({ seq }, n) => n === 0 || seq > (log.events[n - 1]?.seq ?? 0))).toBe(true);
  });

  it('can be taken up where another client left', async () => {
    const store = new MemoryStore();
    const { client } = connected(store);
    const { seq } = await client.subscribe({}, () => {});
    await client.add(specs(3));
    const log = new EventLog();
    await connected(store).client.subscribe({ since: seq + 1 }, log.take);
    await log.until(({ events }) => events.length === 2);
  });
});

it('settles for its caller and nobody else', async () => {
  const store = new MemoryStore();
  const [one, two] = [connected(store).client, connected(store).client];
  await one.add(specs(10));
  const [mine, yours] = await Promise.all([
    one.claim({ worker: 'one', limit: 5, wait: false }),
    two.claim({ worker: 'two', limit: 5, wait: false }),
  ]);
  expect(await one.settle(completed(mine))).toHaveLength(5);
  expect((await two.settle(completed(yours))).every(({ accepted }) => accepted)).toBe(true);
});

import { describe, expect, it, vi } from 'vitest';
import { ConnectionError } from '../errors';
import { MemoryStore } from '../memory-store';
import { FakeClock } from '../testing/index';
import { memoryChannelPair } from './memory-channel';
import type { Answer, Entry, Hello } from './protocol';
import { serveStore } from './serve-store';
import { addOne, asAnotherServer, completed, connected, EventLog, Gate, specs, turns } from './testing-kit';

/** A client that speaks the protocol by hand. */
function byHand(store = new MemoryStore(), options: Parameters<typeof serveStore>[2] = {}) {
  const { a, b } = memoryChannelPair();
  const served = serveStore(store, b, options);
  const frames: { t: string; m?: string; a?: unknown[]; r?: unknown }[] = [];
  const closes: unknown[] = [];
  a.onMessage((frame) => frames.push(frame as (typeof frames)[number]));
  a.onClose((error) => closes.push(error));
  return {
    store,
    served,
    channel: a,
    frames,
    closes,
    hello: async (hello: unknown = { protocol: 1, client: 'c' } satisfies Hello) => {
      a.send({ t: 'q', m: 'hello', a: [hello], i: 'h' });
      await turns();
      return frames.at(-1)?.r;
    },
    say: async (...entries: Entry[]) => {
      a.send({ t: 'q', m: 'send', a: [entries] });
      await turns();
    },
    answers: (): Answer[] => frames.filter(({ m }) => m === 'answers').flatMap(({ a }) => a?.[0] as Answer[]),
  };
}

describe('the welcome', () => {
  it('tells the version, what the store can do, and which store it is', async () => {
    const { store, hello } = byHand();
    expect(await hello()).toEqual({ protocol: 1, capabilities: store.capabilities, instance: expect.any(String) });
    const again = byHand(store);
    const other = byHand();
    const [one, two, three] = [await byHand(store).hello(), await again.hello(), await other.hello()] as {
      instance: string;
    }[];
    expect(one?.instance).toBe(two?.instance);
    expect(three?.instance).not.toBe(one?.instance);
  });

  it.each([2, 0, '1', undefined])('refuses version %j, naming both', async (protocol) => {
    const { hello, closes } = byHand();
    const refusal = await hello({ protocol, client: 'c' });
    expect(refusal).toMatchObject({ protocol: 1, error: { code: 'CONNECTION' } });
    const { message } = (refusal as { error: { message: string } }).error;
    expect(message).toContain(`version ${JSON.stringify(protocol)}`);
    expect(message).toContain('version 1');
    expect(closes).toHaveLength(1);
  });

  it.each([
    [null],
    [{ protocol: 1 }],
    [{ protocol: 1, client: '' }],
    [{ protocol: 1, client: 'x'.repeat(101) }],
    [{ protocol: 1, client: 'c', workers: [1] }],
  ])('refuses an introduction that is none: %j', async (hello) => {
    const client = byHand();
    expect(await client.hello(hello)).toMatchObject({ error: { code: 'CONNECTION' } });
    expect(client.closes).toHaveLength(1);
  });

  it('refuses calls before it', async () => {
    const { say, closes, store } = byHand();
    await say({ id: 1, method: 'add', args: [specs(1)] });
    expect(closes).toHaveLength(1);
    expect((await store.counts()).pending).toBe(0);
  });
});

describe('garbage', () => {
  it.each([
    [null],
    [7],
    ['text'],
    [[]],
    [{}],
    [{ t: 'x' }],
    [{ t: 'q', m: 'hello' }],
    [{ t: 'q', m: 5, a: [] }],
    [{ t: 's' }],
    [{ t: 'q', m: 'hello', a: [], i: 4 }],
  ])('closes the channel after %j', async (frame) => {
    const { channel, closes, served } = byHand();
    channel.send(frame);
    await served.closed;
    await turns();
    expect(closes).toHaveLength(1);
  });

  it.each([
    ['not a list'],
    [[null]],
    [[5]],
    [[{}]],
    [[{ id: 1 }]],
    [[{ id: 1, method: 'add' }]],
    [[{ id: 1, method: 'close', args: [] }]],
    [[{ id: 1, method: 'constructor', args: [] }]],
    [[{ cancel: 99 }]],
    [[{ ack: 99 }]],
    [[{ id: 1, method: 'claim', args: [null] }]],
    [[{ id: 1, method: 'subscribe', args: ['x', null] }]],
  ])('survives entries such as %j', async (entries) => {
    const { channel, hello, store } = byHand();
    await hello();
    channel.send({ t: 'q', m: 'send', a: [entries] });
    await turns();
    const { client } = connected(store);
    expect(await client.add(specs(1))).toHaveLength(1);
  });

  it('does not call what every object has', async () => {
    const { channel, frames, hello } = byHand();
    await hello();
    channel.send({ t: 'q', m: 'constructor', a: [], i: '9' });
    await turns();
    expect(frames.at(-1)).toMatchObject({ t: 's', i: '9', e: { code: 'INTERNAL' } });
  });

  it('ends with the client that does not read its answers', async () => {
    const { hello, say, served, closes } = byHand(undefined, { maxPendingBytes: -1 });
    await hello();
    await say({ id: 1, method: 'counts', args: [] });
    await served.closed;
    expect(closes).toHaveLength(1);
  });
});

describe('calls', () => {
  it('of one frame start in order, and each gets its own answer', async () => {
    const { hello, say, answers } = byHand();
    await hello();
    await say(
      { id: 1, method: 'add', args: [[{ type: 'a', data: 1, id: 'one' }]] },
      { id: 2, method: 'add', args: [[{ type: '!', data: 1 }], null] },
      { id: 3, method: 'add', args: [[{ type: 'a', data: 1, id: 'one' }], { onDuplicate: 'reject' }] },
      { id: 4, method: 'get', args: [['one']] },
    );
    const byId = new Map(answers().map((answer) => [answer.id, answer]));
    expect(byId.get(1)).toEqual({ id: 1, ok: [{ id: 'one', added: true }] });
    expect(byId.get(2)).toMatchObject({ error: { code: 'INVALID', issues: [{ path: ['type'] }] } });
    expect(byId.get(3)).toMatchObject({ error: { code: 'DUPLICATE', jobId: 'one' } });
    expect(byId.size).toBe(4);
  });

  it('with the same number get the same answer, until the client says that it has it', async () => {
    const { hello, say, answers, store } = byHand();
    await hello();
    const add = (id: number, once: [number, number]): Entry => ({
      id,
      method: 'add',
      args: [[{ type: 'a', data: 1 }]],
      once,
    });
    await say(add(1, [7, 7]));
    await say(add(2, [7, 7]), add(3, [7, 7]));
    const [first, second, third] = answers();
    expect(second).toEqual({ ...first, id: 2 });
    expect(third).toEqual({ ...first, id: 3 });
    expect((await store.counts()).pending).toBe(1);
    await say(add(4, [8, 8]));
    await say(add(5, [7, 7]));
    expect((await store.counts()).pending).toBe(3);
  });
});

describe('a client that leaves', () => {
  it('gives its jobs back with a goodbye: no attempt is spent', async () => {
    const store = new MemoryStore();
    const onGone = vi.fn();
    const { client, server } = connected(store, { onGone });
    const id = await addOne(client);
    await client.claim({ worker: 'w', limit: 1, wait: false });
    await client.close();
    await server.closed;
    expect((await store.get([id]))[0]).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0 } });
    expect(onGone).not.toHaveBeenCalled();
  });

  it('is dead without one: its jobs are taken back as crashed', async () => {
    const store = new MemoryStore();
    const { client, server, pair } = connected(store);
    const id = await addOne(client);
    await client.claim({ worker: 'w', limit: 1, wait: false });
    pair.cut();
    await server.closed;
    expect((await store.get([id]))[0]).toMatchObject({ status: 'pending', metadata: { crashes: 1, retries: 1 } });
  });

  it('is left to whoever asked for it, by name and with its workers', async () => {
    const store = new MemoryStore();
    const heard: unknown[] = [];
    const { client, server, pair } = connected(
      store,
      {
        onWelcome: (...said) => heard.push(['welcome', ...said]),
        onWorker: (...said) => heard.push(['worker', ...said]),
        onGone: (...said) => void heard.push(['gone', ...said]),
      },
      { client: 'me', workers: ['known'] },
    );
    const id = await addOne(client);
    await client.claim({ worker: 'new', limit: 1, wait: false });
    await client.claim({ worker: 'known', limit: 1, wait: false });
    await client.claim({ worker: 'new', limit: 1, wait: false });
    pair.cut();
    await server.closed;
    expect(heard).toEqual([
      ['welcome', 'me', ['known']],
      ['worker', 'me', 'new'],
      ['worker', 'me', 'known'],
      ['worker', 'me', 'new'],
      ['gone', 'me', ['known', 'new']],
    ]);
    expect((await store.get([id]))[0]).toMatchObject({ status: 'active' });
  });

  it('loses no job that is claimed for it at that moment, and that is no crash', async () => {
    const store = new MemoryStore();
    const { client, server, pair } = connected(store);
    const waiting = client.claim({ worker: 'w', limit: 5, wait: true });
    waiting.catch(() => {});
    await turns();
    const id = await addOne(store);
    pair.cut();
    await server.closed;
    await expect(waiting).rejects.toThrow(ConnectionError);
    expect((await store.get([id]))[0]).toMatchObject({ status: 'pending', attempt: 0, metadata: { retries: 0 } });
    expect((await store.get([id]))[0]?.metadata.crashes).toBeUndefined();
  });

  it('has crashed with what was sent to it, not with what was still to be sent', async () => {
    const store = new MemoryStore();
    const { client, server, pair } = connected(store);
    for (let n = 0; n < 2; n++) client.claim({ worker: 'w', limit: 1, wait: true }).catch(() => {});
    await turns();
    // Within one turn: the first answer goes out at once, the second waits for the next turn.
    const ids: string[] = [];
    for (let n = 0; n < 2; n++) {
      ids.push(await addOne(store));
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
    pair.cut();
    await server.closed;
    const jobs = await store.get(ids);
    expect(jobs.map((job) => [job?.status, job?.metadata.crashes])).toEqual([
      ['pending', 1],
      ['pending', undefined],
    ]);
  });

  it('stops waiting: later jobs go to others', async () => {
    const store = new MemoryStore();
    const { client, server, pair } = connected(store);
    client.claim({ worker: 'w', limit: 5, wait: true }).catch(() => {});
    await turns();
    pair.cut();
    await server.closed;
    await store.add(specs(1));
    expect(await store.claim({ worker: 'other', limit: 1, wait: false })).toHaveLength(1);
  });

  it('may come back within its grace and finds its jobs running', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    const options = { grace: 5_000, clock };
    const first = connected(store, options, { client: 'me' });
    await first.client.add(specs(1));
    const jobs = await first.client.claim({ worker: 'w', limit: 1, wait: false });
    first.pair.cut();
    await clock.advance(4_999);
    const second = connected(store, options, { client: 'me', workers: ['w'] });
    await second.client.open();
    await first.server.closed;
    await clock.advance(60_000);
    expect(await second.client.settle(completed(jobs))).toMatchObject([{ accepted: true, status: 'completed' }]);
    await second.client.close();
  });

  it('is dead when its grace is over', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    const { client, server, pair } = connected(store, { grace: 5_000, clock });
    await client.add(specs(1));
    const [claimed] = await client.claim({ worker: 'w', limit: 1, wait: false });
    pair.cut();
    await clock.advance(4_999);
    expect((await store.counts()).active).toBe(1);
    await clock.advance(1);
    await server.closed;
    expect((await store.get([claimed?.job.id ?? '']))[0]).toMatchObject({
      status: 'pending',
      metadata: { crashes: 1 },
    });
  });

  it('is welcomed again only when nothing of its old connection is under way', async () => {
    const gate = new Gate();
    const store = new MemoryStore();
    const counts = store.counts.bind(store);
    store.counts = async () => {
      await gate.passed;
      return counts();
    };
    const first = connected(store, {}, { client: 'me' });
    first.client.counts().catch(() => {});
    await turns();
    first.pair.cut();
    let welcomed = false;
    const second = connected(store, {}, { client: 'me' });
    const opening = second.client.open().then(() => {
      welcomed = true;
    });
    await turns();
    expect(welcomed).toBe(false);
    gate.open();
    await opening;
    await second.client.close();
  });

  it('replaces its own connection that only this side believes in', async () => {
    const store = new MemoryStore();
    const first = connected(store, {}, { client: 'me' });
    await first.client.add(specs(2));
    const jobs = await first.client.claim({ worker: 'w', limit: 1, wait: false });
    const second = connected(store, {}, { client: 'me', workers: ['w'] });
    await second.client.open();
    await first.server.closed;
    expect(await second.client.settle(completed(jobs))).toMatchObject([{ accepted: true }]);
  });
});

describe('a server that leaves', () => {
  it('answers what is under way, leaves waiting claims unanswered and running jobs as they are', async () => {
    const store = new MemoryStore();
    const { client, server } = connected(store);
    await client.add(specs(1));
    const [running] = await client.claim({ worker: 'w', limit: 1, wait: false });
    const waiting = client.claim({ worker: 'w', limit: 1, wait: true });
    const added = client.add(specs(1, { id: 'late', runAt: Date.now() + 1e9 }));
    waiting.catch(() => {});
    await turns(3);
    await server.close();
    expect(await added).toEqual([{ id: 'late', added: true }]);
    await expect(waiting).rejects.toThrow(ConnectionError);
    expect((await store.get([running?.job.id ?? '']))[0]).toMatchObject({ status: 'active', worker: 'w' });
  });

  it('is what a client sees when the store closes behind its back', async () => {
    const store = new MemoryStore();
    const { client, server } = connected(store);
    await client.open();
    await store.close();
    await expect(client.counts()).rejects.toThrow(ConnectionError);
    await server.closed;
  });

  it('tells of jobs that could not be taken back', async () => {
    const onError = vi.fn();
    const store = asAnotherServer(new MemoryStore());
    const refuse = new Proxy(store, {
      get: (target, key) =>
        key === 'takeBack' ? () => Promise.reject(new Error('disk full')) : Reflect.get(target, key),
    });
    const { client, server, pair } = connected(refuse, { onError });
    await client.claim({ worker: 'w', limit: 1, wait: false });
    pair.cut();
    await server.closed;
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'disk full' }));
  });
});

describe('subscriptions', () => {
  it('end with the connection', async () => {
    const store = new MemoryStore();
    const { client, server, pair } = connected(store);
    const log = new EventLog();
    await client.subscribe({}, log.take);
    pair.cut();
    await server.closed;
    expect(store.hub.idle).toBe(true);
  });

  it('send events of a change before the answer to the call that made it', async () => {
    const { client } = connected(new MemoryStore());
    const log = new EventLog();
    await client.subscribe({}, log.take);
    await client.add(specs(3));
    expect(log.kinds).toEqual(['added', 'added', 'added']);
  });

  it('hold events back for a client that does not acknowledge, and lose no transition', async () => {
    const { hello, say, frames, store, answers } = byHand();
    await hello();
    await say({ id: 1, method: 'subscribe', args: [1, {}] });
    expect(answers()[0]).toMatchObject({ id: 1, ok: { seq: expect.any(Number) } });
    const eventFrames = () => frames.filter(({ m }) => m === 'events');
    const kinds = () =>
      eventFrames().flatMap(({ a }) =>
        (a as [{ events: { kind: string }[] }[]])[0].flatMap((batch) => batch.events.map(({ kind }) => kind)),
      );
    await store.add(specs(1));
    const [claimed] = await store.claim({ worker: 'w', limit: 1, wait: false });
    const { job, token } = claimed as NonNullable<typeof claimed>;
    for (let progress = 1; progress <= 50; progress++) {
      await store.report([{ id: job.id, token, progress }]);
      await turns(3);
    }
    await store.settle(completed([{ job, token }]));
    await turns();
    expect(eventFrames()).toHaveLength(4);
    expect(kinds()).not.toContain('completed');
    await say({ ack: 4 });
    expect(kinds().slice(-3)).toEqual(['progress', 'completed', 'drained']);
    expect(kinds().filter((kind) => kind === 'progress').length).toBeLessThan(8);
  });

  it('become a reset when more waits than the server keeps', async () => {
    const { hello, say, frames, store } = byHand(undefined, { maxBufferedEvents: 20 });
    await hello();
    await say({ id: 1, method: 'subscribe', args: [1, { kinds: ['added'] }] });
    for (let n = 0; n < 40; n++) {
      await store.add(specs(1));
      await turns(3);
    }
    await say({ ack: 4 });
    const batches = frames
      .filter(({ m }) => m === 'events')
      .map(({ a }) => (a as [{ events: { kind: string; seq: number }[] }[]])[0][0]?.events ?? []);
    expect(batches.slice(0, 4).map((events) => events.map(({ kind }) => kind))).toEqual([
      ['added'],
      ['added'],
      ['added'],
      ['added'],
    ]);
    const rest = batches.slice(4).flat();
    expect(rest[0]).toMatchObject({ kind: 'reset', seq: 25 });
    expect(rest.slice(1).map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, n) => n + 26));
  });
});

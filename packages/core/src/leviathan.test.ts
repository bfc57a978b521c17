import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { faultyStore } from '../test/faulty-store';
import { aborted, task } from '../test/rig';
import { ServiceError, StoreClosedError, StoreError, UnknownTypeError } from './errors';
import { Leviathan, type LeviathanOptions } from './leviathan';
import { MemoryStore } from './memory-store';
import { type AnyProcessor, defineProcessor } from './processor';
import type { Service } from './service';
import type { JobValidator } from './store';
import { FakeClock } from './testing/fake-clock';

const add = defineProcessor({
  type: 'add',
  description: 'Adds two numbers.',
  input: z.object({ a: z.number(), b: z.number().default(1) }),
  run: ({ input }) => input.a + input.b,
});

function make<const P extends readonly AnyProcessor[]>(processors: P, options: Partial<LeviathanOptions<P>> = {}) {
  const clock = new FakeClock();
  const memory = new MemoryStore({ clock });
  const faults = faultyStore(memory);
  const leviathan = new Leviathan<P>({ store: faults.store, processors, clock, ...options });
  onTestFinished(async () => {
    const stopped = leviathan.stop({ timeout: 0 }).catch(() => {});
    await clock.advance(20_000);
    await stopped;
  });
  return { clock, memory, faults, leviathan };
}

describe('Leviathan', () => {
  it('runs a job from its data to its result', async () => {
    const { leviathan } = make([add]);
    await leviathan.start();
    const handle = await leviathan.add('add', { a: 2 });
    const result: number = await handle.result();
    expect(result).toBe(3);
    expect(await leviathan.wait(handle.id)).toMatchObject({ status: 'completed' });
  });

  it('takes jobs before it is started, and runs them then', async () => {
    const { leviathan } = make([add]);
    const seen: string[] = [];
    leviathan.on('event', ({ kind }) => seen.push(kind));
    const [one, two] = await leviathan.addMany([
      { type: 'add', data: { a: 1 } },
      { type: 'add', data: { a: 2, b: 2 } },
    ]);
    expect(await one.job()).toMatchObject({ status: 'pending' });
    expect((await leviathan.counts()).pending).toBe(2);
    await leviathan.start();
    expect([await one.result(), await two.result()]).toEqual([2, 4]);
    expect(seen).toEqual(['added', 'added', 'started', 'started', 'completed', 'completed', 'drained']);
  });

  it('passes the calls of its queue on', async () => {
    const { leviathan } = make([add]);
    const { id } = await leviathan.add('add', { a: 1 }, { delay: 1_000 });
    const other = await leviathan.add('add', { a: 1 });
    expect(await leviathan.get(id)).toMatchObject({ id });
    expect((await leviathan.list({ limit: 1 })).jobs).toHaveLength(1);
    expect((await leviathan.explain(id))?.status).toBe('pending');
    expect(await leviathan.reprioritise(id, 1)).toMatchObject({ changed: 1 });
    expect(await leviathan.move(id, { after: other.id })).toMatchObject({ changed: 1 });
    expect(await leviathan.edit(id, { data: { a: 5 } })).toMatchObject({ changed: 1 });
    expect(await leviathan.retry(id)).toMatchObject({ changed: 1 });
    expect(await leviathan.cancel(id)).toMatchObject({ changed: 1 });
    expect(await leviathan.remove(id)).toMatchObject({ changed: 1 });
    expect(await leviathan.handle(id).job()).toBeNull();
    await leviathan.pause();
    expect((await leviathan.counts()).paused.all).toBe(true);
    await leviathan.resume();
    expect((await leviathan.counts()).paused.all).toBe(false);
    const seen: string[] = [];
    const listener = ({ kind }: { kind: string }): void => void seen.push(kind);
    leviathan.once('added', listener).on('added', listener).off('added', listener);
    await leviathan.add('add', { a: 1 });
    expect(seen).toEqual([]);
    await expect(leviathan.add('subtract' as never, {} as never)).rejects.toThrow(UnknownTypeError);
  });

  it('starts the store first, the services in order, the worker last, and stops the other way round', async () => {
    const story: string[] = [];
    const service = (name: string): Service => ({
      name,
      start: async ({ queue }) => {
        story.push(`start ${name}`);
        // Services may add jobs from their start on, and until they have stopped.
        await queue.add('note', `${name} started`);
      },
      stop: async () => {
        story.push(`stop ${name}`);
        expect((await leviathan.counts()).active).toBe(0);
      },
      health: () => ({ status: 'ok', problems: [] }),
    });
    const note = task('note', ({ input }) => void story.push(String(input)));
    const { leviathan, memory, clock } = make([note], { services: [service('one'), service('two')] });
    await leviathan.start();
    await clock.settle();
    expect(leviathan.services.names).toEqual(['job-queue', 'one', 'two', 'worker']);
    expect(await leviathan.health()).toMatchObject({
      status: 'ok',
      services: { worker: { details: { concurrency: 10 } } },
    });
    await leviathan.stop();
    expect(story).toEqual(['start one', 'start two', 'one started', 'two started', 'stop two', 'stop one']);
    await expect(memory.counts()).rejects.toThrow(StoreClosedError);
    await expect(leviathan.add('note', 1)).rejects.toThrow(StoreClosedError);
    expect((await leviathan.health()).status).toBe('stopped');
  });

  it('closes the store again when a service cannot start', async () => {
    const broken: Service = {
      name: 'broken',
      start: () => {
        throw new Error('no network');
      },
      stop: () => {},
      health: () => ({ status: 'ok', problems: [] }),
    };
    const { leviathan, memory } = make([add], { services: [broken] });
    await expect(leviathan.start()).rejects.toThrow('The service broken could not start: no network');
    await expect(memory.counts()).rejects.toThrow(StoreClosedError);
  });

  it('says so when the store cannot be opened', async () => {
    const { leviathan, faults } = make([add]);
    faults.fail('open', new StoreError('LOCKED', 'another program has it'), 2);
    await expect(leviathan.start()).rejects.toThrow(ServiceError);
    await expect(leviathan.start()).rejects.toThrow(/job-queue could not start: another program has it/);
  });

  it('can be started again when what kept it from starting is gone, but not after a stop', async () => {
    const { leviathan, faults } = make([add]);
    faults.fail('open', new StoreError('LOCKED', 'another program has it'), 1);
    await expect(leviathan.start()).rejects.toThrow(ServiceError);
    await leviathan.start();
    expect((await leviathan.health()).status).toBe('ok');
    await leviathan.stop();
    await expect(leviathan.start()).rejects.toMatchObject({ code: 'STOPPED' });
  });

  it('stops handlers at the deadline, and gives their jobs back', async () => {
    const reasons: unknown[] = [];
    const slow = task('slow', ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push((signal.reason as Error).name));
      return aborted(signal);
    });
    const { leviathan, clock, memory } = make([slow]);
    await leviathan.start();
    const handle = await leviathan.add('slow', null);
    await clock.settle();
    const close = memory.close.bind(memory);
    let last: unknown;
    memory.close = async () => {
      last = await handle.job();
      await close();
    };
    const stopping = leviathan.stop({ timeout: 3_000 });
    await clock.advance(2_999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    await stopping;
    expect(reasons).toEqual(['ShutdownError']);
    expect(last).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('stops at the end of an `await using` block, and twice without harm', async () => {
    const { leviathan, faults } = make([add]);
    await leviathan.start();
    await leviathan[Symbol.asyncDispose]();
    await leviathan.stop();
    expect(faults.calls('close')).toHaveLength(1);
  });

  it('closes a store that it never started on, but used', async () => {
    const { leviathan, memory } = make([add], { worker: false });
    await leviathan.add('add', { a: 1 });
    await leviathan.stop();
    await expect(memory.counts()).rejects.toThrow(StoreClosedError);
  });

  it('shares a store with another one: the last to stop closes it', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore({ clock });
    const producer = new Leviathan({ store, processors: [add], worker: false, clock });
    const runner = new Leviathan({ store, processors: [add], worker: { concurrency: 1, name: 'runner' }, clock });
    await Promise.all([producer.start(), runner.start()]);
    expect(producer.worker).toBeUndefined();
    const handle = await producer.add('add', { a: 1 });
    expect(await handle.wait()).toMatchObject({ result: 2, worker: 'runner' });
    await runner.stop();
    const waiting = await producer.add('add', { a: 2 });
    expect((await producer.explain(waiting.id))?.causes).toContainEqual({ code: 'no-worker', type: 'add' });
    await producer.stop();
    await expect(store.counts()).rejects.toThrow(StoreClosedError);
  });

  it('runs nothing and takes everything without processors', async () => {
    const store = new MemoryStore();
    const leviathan = new Leviathan({ store });
    await leviathan.start();
    expect(leviathan.worker).toBeUndefined();
    expect((await leviathan.add('whatever', { any: 'thing' })).added).toBe(true);
    await leviathan.stop();
  });

  it('describes its processors, and lets the store check jobs from outside by them', async () => {
    const store = new MemoryStore();
    const given: JobValidator[] = [];
    const watched = Object.assign(store, { setValidator: (validator: JobValidator) => void given.push(validator) });
    const leviathan = new Leviathan({ store: watched, processors: [add] });
    expect(leviathan.processors).toMatchObject([
      { type: 'add', description: 'Adds two numbers.', input: { type: 'object' } },
    ]);
    expect(given).toHaveLength(1);
    expect(given[0]?.types()).toEqual(['add']);
    expect(await given[0]?.validate('add', { a: 'x' })).toMatchObject([{ path: ['a'] }]);
    await leviathan.stop();
  });
});

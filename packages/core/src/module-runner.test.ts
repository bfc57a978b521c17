import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aborted, deferred, task } from '../test/rig';
import { InterruptedError, MemoryLimitError, ValidationError, WorkerCrashError } from './errors';
import type { Isolation } from './isolation';
import { Leviathan } from './leviathan';
import { MemoryStore } from './memory-store';
import type { ModuleRunner } from './module-runner';
import { definePlugin } from './plugin';
import { defineProcessor, type JobContext } from './processor';
import { Slots } from './slots';
import { runJob, testLeviathan } from './testing/index';

const module = 'data:text/javascript,export default ({input}) => input + 1; export const half = ({input}) => input / 2';

function processorOf(isolation: Isolation = {}, rest: { handler?: string; concurrency?: number } = {}) {
  return defineProcessor({ type: 'count', input: z.number(), module, isolation, ...rest });
}

/** A service that hands attempts to a function. */
function service(run: (context: JobContext<never>, onPlaced: () => void) => Promise<unknown>, capacity = 3) {
  const modules: ModuleRunner = {
    capacity: () => capacity,
    run: (_processor, context, onPlaced) => run(context, onPlaced),
  };
  return { name: 'modules', modules, start() {}, stop() {}, health: () => ({ status: 'ok' as const, problems: [] }) };
}

describe('a processor that names a module', () => {
  it('has its handlers imported by tests', async () => {
    expect((await runJob(processorOf(), 1)).result).toBe(2);
    expect((await runJob(processorOf({}, { handler: 'half' }), 1)).result).toBe(0.5);
    expect((await runJob(processorOf({}, { handler: 'absent' }), 1)).error).toMatchObject({
      code: 'MODULE',
      message: expect.stringMatching(/cannot be used: it exports no function absent\.$/),
    });
  });

  it('needs a service that runs modules, where jobs are run', () => {
    const options = { store: new MemoryStore(), processors: [processorOf()] };
    expect(() => new Leviathan(options)).toThrow(
      /processors\.count: names a module, and no service runs modules: add new WorkerPoolService/,
    );
    expect(() => new Leviathan({ ...options, worker: false })).not.toThrow();
    expect(() => new Leviathan({ ...options, services: [service(async () => 1)] })).not.toThrow();
  });

  it('says in its manifest how it is kept apart', () => {
    const { processors } = new Leviathan({
      store: new MemoryStore(),
      processors: [processorOf({ memory: 64 })],
      worker: false,
    });
    expect(processors).toMatchObject([{ type: 'count', isolation: { kind: 'process', memory: 64 } }]);
  });

  it.each<[Isolation, RegExp]>([
    [{ kind: 'fibre' as never }, /isolation\.kind: must be one of process, thread/],
    [{ memory: 1 }, /isolation\.memory: must be MB, 8 or more/],
    [{ cpuTime: 0 }, /isolation\.cpuTime: must be milliseconds/],
    [{ cpuTime: 5, jobsPerWorker: 2 }, /isolation\.cpuTime: cannot be told apart/],
    [{ nice: 20 }, /isolation\.nice: must be an integer from 0 to 19/],
    [{ killAfter: -1 }, /isolation\.killAfter: must be milliseconds/],
    [{ jobsPerWorker: 0 }, /isolation\.jobsPerWorker: must be an integer of 1/],
    [{ recycle: { jobs: 0, memory: 0 } }, /isolation\.recycle\.jobs: .*isolation\.recycle\.memory: /],
  ])('is refused with %o', (isolation, message) => {
    const make = (): unknown =>
      new Leviathan({ store: new MemoryStore(), processors: [processorOf(isolation)], worker: false });
    expect(make).toThrow(ValidationError);
    expect(make).toThrow(message);
  });

  it('is refused when the module is no URL, and isolation without a module', () => {
    const wrong = [
      defineProcessor({ type: 'a', input: z.null(), module: './job.js' }),
      { ...task('b', () => 1), isolation: {} },
    ];
    expect(() => new Leviathan({ store: new MemoryStore(), processors: wrong, worker: false })).toThrow(
      /\[0\]\.module: must be a URL.*\[1\]\.isolation: needs a `module`/,
    );
  });

  it('takes no more jobs than its runner has room for', () => {
    const { modules } = service(async () => 1);
    const processors = [processorOf(), { ...processorOf({}, { concurrency: 2 }), type: 'two' }, task('free', () => 1)];
    expect(new Slots(10, processors, modules).types()).toEqual({ count: 3, two: 2, free: 10 });
    const slots = new Slots(10, processors, modules);
    for (let i = 0; i < 3; i++) slots.take('count');
    for (let i = 0; i < 2; i++) slots.take('two');
    expect(slots.types()).toEqual({ free: 10 });
  });
});

describe('an attempt in a worker', () => {
  const run = async (handler: Parameters<typeof service>[0], options = {}) => {
    await using leviathan = testLeviathan({
      processors: [processorOf({ killAfter: 1_000 })],
      services: [service(handler)],
    });
    const { id } = await leviathan.add('count', 1, { attempts: 1, ...options });
    await leviathan.drain();
    const job = await leviathan.get(id);
    if (!job) throw new Error('There is no job.');
    return job;
  };

  it('fails as crashed when its worker dies', async () => {
    const died = await run(() => Promise.reject(new WorkerCrashError('it exited with code 1', { exitCode: 1 })));
    expect(died).toMatchObject({
      status: 'failed',
      reason: 'crashed',
      metadata: { errors: [{ code: 'WORKER_CRASHED' }] },
    });
    const full = await run(() => Promise.reject(new MemoryLimitError(64)));
    expect(full).toMatchObject({ reason: 'crashed', metadata: { errors: [{ code: 'MEMORY_LIMIT' }] } });
  });

  it('is run by the service of a plugin, within its middleware', async () => {
    const told: string[] = [];
    const plugin = definePlugin({
      name: 'pool',
      services: [service(async ({ input }) => `ran ${input}`)],
      middleware: {
        run: (ctx, next) => {
          told.push(`before ${ctx.job.type}`);
          return next(ctx);
        },
      },
    });
    await using leviathan = testLeviathan({ processors: [processorOf()], plugins: [plugin] });
    const { id } = await leviathan.add('count', 1);
    await leviathan.drain();
    expect((await leviathan.get(id))?.result).toBe('ran 1');
    expect(told).toEqual(['before count']);
  });

  it('is not counted when its worker was ended for another job', async () => {
    let times = 0;
    const job = await run(async () => {
      if (++times < 3) throw new InterruptedError();
      return times;
    });
    expect(job).toMatchObject({ status: 'completed', result: 3, attempt: 1, metadata: { errors: [], retries: 0 } });
  });

  it('has its timeout from when it got its worker', async () => {
    const placed = deferred();
    const job = run(
      async ({ signal }, onPlaced) => {
        await placed.promise;
        onPlaced();
        return aborted(signal);
      },
      { timeout: 5_000 },
    );
    placed.resolve();
    expect(await job).toMatchObject({ status: 'failed', reason: 'timeout' });
  });

  it('has the time of its killing, before it counts as stuck', async () => {
    const { promise: forever } = deferred();
    const leviathan = testLeviathan({
      processors: [processorOf({ killAfter: 1_000 })],
      services: [service(() => forever)],
    });
    await leviathan.start();
    const { id } = await leviathan.add('count', 1);
    await leviathan.clock.settle();
    await leviathan.cancel([id]);
    await leviathan.clock.advance(6_900);
    expect(await leviathan.get(id)).toMatchObject({ status: 'active', cancelling: true });
    await leviathan.clock.advance(200);
    expect(await leviathan.get(id)).toMatchObject({ status: 'failed', reason: 'cancelled' });
    await leviathan.stop();
  });
});

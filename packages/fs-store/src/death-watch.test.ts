import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DeathWatch } from './death-watch';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function setUp() {
  const alive = new Set<string>();
  const looks: string[] = [];
  const died: string[][] = [];
  const errors: unknown[] = [];
  /** Thrown by the next reports of a death. */
  const refusals: Error[] = [];
  const watch = new DeathWatch(
    (instance) => {
      looks.push(instance);
      return alive.has(instance);
    },
    async (workers) => {
      const refusal = refusals.shift();
      if (refusal) throw refusal;
      died.push(workers);
    },
    (error) => errors.push(error),
  );
  return { watch, alive, looks, died, errors, refusals };
}

it('tells of a dead process at once, and looks no more', async () => {
  const { watch, looks, died } = setUp();
  watch.watch('a', ['w1', 'w2']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(died).toEqual([['w1', 'w2']]);
  expect(looks).toEqual(['a']);
  expect(watch.absent).toEqual([]);
});

it('waits for a living one however long that takes, and looks ever more seldom, twice a second at least', async () => {
  const { watch, alive, looks, died } = setUp();
  alive.add('a');
  watch.watch('a', ['w']);
  await vi.advanceTimersByTimeAsync(5);
  expect(looks.length).toBe(2);
  await vi.advanceTimersByTimeAsync(10_000);
  const first = looks.length;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(looks.length - first).toBe(20);
  expect(died).toEqual([]);
  expect(watch.absent).toEqual(['a']);
  alive.clear();
  await vi.advanceTimersByTimeAsync(500);
  expect(died).toEqual([['w']]);
});

it('looks often again when another process is missed', async () => {
  const { watch, alive, looks } = setUp();
  alive.add('a').add('b');
  watch.watch('a', ['w']);
  await vi.advanceTimersByTimeAsync(10_000);
  looks.length = 0;
  watch.watch('b', ['v']);
  await vi.advanceTimersByTimeAsync(5);
  expect(looks).toEqual(['a', 'b', 'a', 'b']);
});

it('does not look after one that came back', async () => {
  const { watch, alive, died } = setUp();
  alive.add('a').add('b');
  watch.watch('a', ['w']);
  watch.watch('b', ['v']);
  watch.unwatch('a');
  expect(watch.absent).toEqual(['b']);
  alive.clear();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(died).toEqual([['v']]);
});

it('adds up the workers of one process, and has nothing to do for one without', async () => {
  const { watch, alive, looks, died } = setUp();
  watch.watch('none', []);
  expect(looks).toEqual([]);
  alive.add('a');
  watch.watch('a', ['w1']);
  watch.watch('a', ['w1', 'w2']);
  alive.clear();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(died).toEqual([['w1', 'w2']]);
});

it('tries again when the jobs could not be taken back, or the look failed', async () => {
  const { watch, died, errors, refusals } = setUp();
  refusals.push(new Error('disk full'), new Error('still full'));
  watch.watch('a', ['w']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(errors).toMatchObject([{ message: 'disk full' }, { message: 'still full' }]);
  expect(died).toEqual([['w']]);
});

it('does not let one trouble keep the others', async () => {
  const { watch, alive, died, errors, refusals } = setUp();
  alive.add('a');
  watch.watch('a', ['w']);
  watch.watch('b', ['v']);
  await vi.advanceTimersByTimeAsync(0);
  expect(died).toEqual([['v']]);
  refusals.push(new Error('no'));
  alive.clear();
  watch.watch('c', ['u']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(died.slice(1).sort()).toEqual([['u'], ['w']]);
  expect(errors).toHaveLength(1);
});

it('has an end', async () => {
  const { watch, alive, looks, died } = setUp();
  alive.add('a');
  watch.watch('a', ['w']);
  watch.stop();
  looks.length = 0;
  alive.clear();
  await vi.advanceTimersByTimeAsync(10_000);
  watch.watch('b', ['v']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([looks, died]).toEqual([[], []]);
});

import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock';

describe('FakeClock', () => {
  it('fires timers in order, each at its own time', async () => {
    const clock = new FakeClock(1_000_000);
    const fired: [string, number][] = [];
    const note = (name: string) => () => fired.push([name, clock.now()]);
    clock.after(300, note('after 300'));
    clock.at(1_000_100, note('at 100'));
    clock.after(200, note('after 200'));
    clock.at(1_000_200, note('at 200, set later'));
    clock.after(301, note('too late'));
    await clock.advance(300);
    expect(fired).toEqual([
      ['at 100', 1_000_100],
      ['after 200', 1_000_200],
      ['at 200, set later', 1_000_200],
      ['after 300', 1_000_300],
    ]);
    expect(clock.now()).toBe(1_000_300);
    expect(clock.pending).toBe(1);
    expect(clock.untilNext).toBe(1);
  });

  it('tells whole milliseconds, and is where it should be after timers of any fraction of one', async () => {
    const clock = new FakeClock(1_738_238_400_000);
    const again = (): void => void clock.after(0.1, again);
    again();
    const told: number[] = [];
    clock.at(clock.now() + 7, () => told.push(clock.now()));
    await clock.advance(20);
    told.push(clock.now());
    expect(told).toEqual([1_738_238_400_007, 1_738_238_400_020]);
  });

  it('lets what a timer started run before the next one fires', async () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    clock.after(10, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      clock.after(5, () => seen.push('set by the first'));
    });
    clock.after(20, () => seen.push('second'));
    await clock.advance(20);
    expect(seen).toEqual(['set by the first', 'second']);
  });

  it('fires nothing that was cancelled, even at the same instant', async () => {
    const clock = new FakeClock();
    let fired = false;
    clock.after(10, () => second.cancel());
    const second = clock.after(10, () => {
      fired = true;
    });
    await clock.advance(10);
    expect(fired).toBe(false);
    expect(clock.pending).toBe(0);
    expect(clock.untilNext).toBeUndefined();
  });

  it('fires a timer that is due when it is set without being advanced', async () => {
    const clock = new FakeClock();
    const fired: string[] = [];
    clock.after(0, () => fired.push('after'));
    clock.at(clock.now() - 1, () => fired.push('at'));
    expect(fired).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(fired).toEqual(['after', 'at']);
  });

  it('moves the wall clock alone in a jump forward: `at` notices, `after` does not', async () => {
    const clock = new FakeClock();
    const start = { wall: clock.now(), running: clock.monotonic() };
    const fired: string[] = [];
    clock.at(start.wall + 3_600_000, () => fired.push('at'));
    clock.after(3_600_000, () => fired.push('after'));
    await clock.jump(3_600_000);
    expect(fired).toEqual(['at']);
    expect(clock.now()).toBe(start.wall + 3_600_000);
    expect(clock.monotonic()).toBe(start.running);
    await clock.advance(3_600_000);
    expect(fired).toEqual(['at', 'after']);
  });

  it('keeps `at` timers waiting for longer when the wall clock is set back', async () => {
    const clock = new FakeClock();
    let fired = false;
    clock.at(clock.now() + 1_000, () => {
      fired = true;
    });
    await clock.jump(-5_000);
    await clock.advance(5_999);
    expect(fired).toBe(false);
    await clock.advance(1);
    expect(fired).toBe(true);
  });

  it('notices after a suspend what became due in it', async () => {
    const clock = new FakeClock();
    const running = clock.monotonic();
    const fired: string[] = [];
    clock.at(clock.now() + 60_000, () => fired.push('at'));
    clock.after(60_000, () => fired.push('after'));
    await clock.suspend(8 * 3_600_000);
    expect(fired).toEqual(['at']);
    expect(clock.monotonic()).toBe(running);
  });

  it('fires after a block of the event loop, in order, what became due in it', async () => {
    const clock = new FakeClock();
    const start = { wall: clock.now(), running: clock.monotonic() };
    const fired: [string, number][] = [];
    const note = (name: string) => () => fired.push([name, clock.monotonic() - start.running]);
    clock.after(20_000, note('second'));
    clock.at(start.wall + 10_000, note('first'));
    clock.after(30_001, note('later'));
    await clock.block(30_000);
    expect(fired).toEqual([
      ['first', 30_000],
      ['second', 30_000],
    ]);
    expect(clock.now()).toBe(start.wall + 30_000);
    await clock.advance(1);
    expect(fired.at(-1)).toEqual(['later', 30_001]);
    await expect(clock.block(-1)).rejects.toThrow(RangeError);
  });

  it('throws what a timer throws, and refuses to go back', async () => {
    const clock = new FakeClock();
    clock.after(5, () => {
      throw new Error('broken timer');
    });
    await expect(clock.advance(10)).rejects.toThrow('broken timer');
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.suspend(-1)).rejects.toThrow(RangeError);
    await expect(clock.jump(Number.NaN)).rejects.toThrow(RangeError);
  });

  it('gives up on a timer that sets itself again without a delay', async () => {
    const clock = new FakeClock();
    let stopped = false;
    const again = (): void => {
      if (!stopped) clock.at(clock.now() + 1, () => clock.at(clock.now(), loop));
    };
    const loop = (): void => {
      if (!stopped) clock.at(clock.now(), loop);
    };
    again();
    await expect(clock.advance(10)).rejects.toThrow('sets itself again');
    stopped = true;
  });
});

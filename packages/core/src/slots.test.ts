import { describe, expect, it } from 'vitest';
import { task } from '../test/rig';
import { Slots } from './slots';

describe('Slots', () => {
  it("offers every type up to its own limit or the worker's", () => {
    const slots = new Slots(4, [
      task('free', () => 1),
      task('two', () => 1, { concurrency: 2 }),
      task('many', () => 1, { concurrency: 9 }),
    ]);
    expect(slots.types()).toEqual({ free: 4, two: 2, many: 4 });
    slots.take('two');
    slots.take('two');
    expect(slots.types()).toEqual({ free: 4, many: 4 });
    expect({ free: slots.free, taken: slots.taken }).toEqual({ free: 2, taken: 2 });
    expect(slots.hasRoomBeside({ free: 4, many: 4 })).toBe(false);
    slots.release('two');
    expect(slots.types()).toEqual({ free: 4, two: 1, many: 4 });
    expect(slots.hasRoomBeside({ free: 4, many: 4 })).toBe(true);
    expect(slots.hasRoomBeside({ free: 4, two: 1 })).toBe(false);
  });

  it('has room for no type without a free slot', () => {
    const slots = new Slots(1, [task('free', () => 1), task('one', () => 1, { concurrency: 1 })]);
    slots.take('free');
    expect(slots.free).toBe(0);
    expect(slots.hasRoomBeside({})).toBe(false);
  });

  it('asks for nothing when every type is full, or there is none', () => {
    const slots = new Slots(5, [task('one', () => 1, { concurrency: 1 })]);
    slots.take('one');
    expect(slots.types()).toBeUndefined();
    expect(new Slots(5, []).types()).toBeUndefined();
  });

  it('counts types with the names of object members as any other', () => {
    const slots = new Slots(3, [task('constructor', () => 1, { concurrency: 1 })]);
    expect(slots.types()).toEqual({ constructor: 1 });
    expect(slots.hasRoomBeside({})).toBe(true);
  });
});

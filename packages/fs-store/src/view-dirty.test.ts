import { describe, expect, it } from 'vitest';
import { DirtyIds } from './view-dirty';

function setUp() {
  const time = { now: 1_000 };
  return { time, dirty: new DirtyIds(() => time.now) };
}

function takeAll(dirty: DirtyIds): string[] {
  const taken: string[] = [];
  for (let id = dirty.take(); id !== undefined; id = dirty.take()) taken.push(id);
  return taken;
}

describe('the ids whose files are behind', () => {
  it('come out oldest first, each once per rotation', () => {
    const { dirty } = setUp();
    for (const id of ['a', 'b', 'a']) dirty.add(id);
    expect(dirty.take()).toBeUndefined();
    dirty.rotate();
    for (const id of ['c', 'b']) dirty.add(id);
    dirty.rotate();
    expect(takeAll(dirty)).toEqual(['a', 'b', 'c', 'b']);
    expect(dirty.size).toBe(0);
  });

  it('may change again while others are taken', () => {
    const { dirty } = setUp();
    dirty.add('a');
    dirty.add('b');
    dirty.rotate();
    expect(dirty.take()).toBe('a');
    dirty.add('a');
    expect(dirty.size).toBe(2);
    expect(takeAll(dirty)).toEqual(['b']);
    dirty.rotate();
    expect(takeAll(dirty)).toEqual(['a']);
  });

  it('tell the first one since the last rotation', () => {
    const { dirty } = setUp();
    expect([dirty.add('a'), dirty.add('a'), dirty.add('b')]).toEqual([true, false, false]);
    dirty.rotate();
    expect(dirty.add('a')).toBe(true);
  });

  it('know how long the oldest has waited', () => {
    const { time, dirty } = setUp();
    expect(dirty.age).toBe(0);
    dirty.add('a');
    time.now += 10;
    expect(dirty.age).toBe(10);
    dirty.rotate();
    dirty.add('b');
    time.now += 10;
    expect(dirty.age).toBe(20);
    dirty.take();
    expect(dirty.age).toBe(10);
  });
});

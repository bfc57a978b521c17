import { describe, expect, it } from 'vitest';
import { DirtyJobs } from './view-dirty';

function setUp(...ids: string[]) {
  const time = { now: 1_000 };
  const dirty = new DirtyJobs(() => time.now);
  const jobs = new Map(ids.map((id) => [id, { isBehind: false }]));
  const add = (id: string): boolean => dirty.add(id, jobs.get(id));
  const take = (): string | undefined => {
    const id = dirty.take();
    const job = id === undefined ? undefined : jobs.get(id);
    if (job) job.isBehind = false;
    return id;
  };
  const takeAll = (): string[] => {
    const taken: string[] = [];
    for (let id = take(); id !== undefined; id = take()) taken.push(id);
    return taken;
  };
  return { time, dirty, add, take, takeAll };
}

describe('the jobs whose files are behind', () => {
  it('come out oldest first, each once', () => {
    const { dirty, add, take, takeAll } = setUp('a', 'b', 'c');
    for (const id of ['a', 'b', 'a']) add(id);
    expect(take()).toBeUndefined();
    dirty.rotate();
    for (const id of ['c', 'b']) add(id);
    dirty.rotate();
    expect(takeAll()).toEqual(['a', 'b', 'c']);
    expect(dirty.size).toBe(0);
  });

  it('may change again while others are taken', () => {
    const { dirty, add, take, takeAll } = setUp('a', 'b');
    add('a');
    add('b');
    dirty.rotate();
    expect(take()).toBe('a');
    add('a');
    expect(dirty.size).toBe(2);
    expect(takeAll()).toEqual(['b']);
    dirty.rotate();
    expect(takeAll()).toEqual(['a']);
  });

  it('that left the store come out as often as they were added', () => {
    const { dirty, add, takeAll } = setUp();
    add('gone');
    add('gone');
    dirty.rotate();
    expect(takeAll()).toEqual(['gone', 'gone']);
  });

  it('tell the first one since the last rotation', () => {
    const { dirty, add, takeAll } = setUp('a', 'b');
    expect([add('a'), add('a'), add('b')]).toEqual([true, false, false]);
    dirty.rotate();
    takeAll();
    expect(add('a')).toBe(true);
  });

  it('know how long the oldest has waited, and how many generations there were', () => {
    const { time, dirty, add, take } = setUp('a', 'b');
    expect([dirty.age, dirty.oldest, dirty.count]).toEqual([0, 0, 0]);
    add('a');
    time.now += 10;
    expect(dirty.age).toBe(10);
    dirty.rotate();
    add('b');
    time.now += 10;
    expect(dirty.age).toBe(20);
    take();
    expect(dirty.age).toBe(10);
    dirty.rotate();
    expect([dirty.oldest, dirty.count]).toEqual([1, 2]);
  });
});

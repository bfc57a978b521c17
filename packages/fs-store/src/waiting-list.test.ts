import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { WaitingList } from './waiting-list';

function setUp() {
  const clock = new FakeClock();
  const rung: string[] = [];
  return { clock, rung, list: new WaitingList(clock, (key) => rung.push(key)) };
}

describe('a waiting list', () => {
  it('calls each one at its time, with one timer', async () => {
    const { clock, rung, list } = setUp();
    list.add('late', 300);
    list.add('early', 100);
    list.add('middle', 200);
    expect(clock.pending).toBe(1);
    expect(list.has('early')).toBe(true);
    await clock.advance(100);
    expect(rung).toEqual(['early']);
    expect(list.has('early')).toBe(false);
    await clock.advance(200);
    expect(rung).toEqual(['early', 'middle', 'late']);
    expect(clock.pending).toBe(0);
  });

  it('lets somebody go, or wait anew', async () => {
    const { clock, rung, list } = setUp();
    list.add('gone', 100);
    list.add('again', 100);
    list.delete('gone');
    await clock.advance(50);
    list.add('again', 100);
    await clock.advance(60);
    expect(rung).toEqual([]);
    await clock.advance(40);
    expect(rung).toEqual(['again']);
  });

  it('calls nobody after it was stopped', async () => {
    const { clock, rung, list } = setUp();
    list.add('a', 100);
    list.stop();
    list.add('b', 100);
    await clock.advance(1_000);
    expect(rung).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

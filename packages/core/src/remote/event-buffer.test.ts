import { describe, expect, it } from 'vitest';
import type { StoreEvent } from '../store';
import { EventBuffer } from './event-buffer';

let seq = 0;
const event = (kind: StoreEvent['kind'], id: string, more: Partial<StoreEvent> = {}): StoreEvent => ({
  seq: ++seq,
  at: '2025-01-30T12:00:00.000Z',
  kind,
  id,
  ...more,
});
const line = (message: string) => ({ at: '2025-01-30T12:00:00.000Z', level: 'info' as const, message });
const brief = (events: StoreEvent[]): string[] =>
  events.map(({ kind, id, progress }) => [kind, id, progress].join(' ').trim());

describe('EventBuffer', () => {
  it('keeps everything in order while the subscriber keeps up', () => {
    const buffer = new EventBuffer(10);
    buffer.push(
      [event('progress', 'a', { progress: 1 }), event('progress', 'a', { progress: 2 }), event('completed', 'a')],
      false,
    );
    expect(brief(buffer.take(10))).toEqual(['progress a 1', 'progress a 2', 'completed a']);
    expect(buffer.size).toBe(0);
  });

  it('keeps the latest progress of each job when it is held, never before a transition that came first', () => {
    const buffer = new EventBuffer(10);
    buffer.push(
      [
        event('progress', 'a', { progress: 1 }),
        event('progress', 'b', { progress: 5 }),
        event('retrying', 'a'),
        event('started', 'a'),
        event('progress', 'a', { progress: 2 }),
      ],
      true,
    );
    expect(brief(buffer.take(10))).toEqual(['progress b 5', 'retrying a', 'started a', 'progress a 2']);
  });

  it('joins log lines of a job when it is held, the newest 100', () => {
    const buffer = new EventBuffer(1_000);
    for (let n = 0; n < 150; n++) buffer.push([event('log', 'a', { logs: [line(`${n}`)] })], true);
    const [joined, ...more] = buffer.take(10);
    expect(more).toEqual([]);
    expect(joined?.logs?.map(({ message }) => message)).toEqual(Array.from({ length: 100 }, (_, n) => `${n + 50}`));
    expect(joined?.seq).toBe(seq);
  });

  it('gives the first ones, and goes on with the rest', () => {
    const buffer = new EventBuffer(10);
    buffer.push([event('added', 'a'), event('added', 'b'), event('added', 'c')], false);
    expect(brief(buffer.take(2))).toEqual(['added a', 'added b']);
    expect(brief(buffer.take(2))).toEqual(['added c']);
  });

  it('becomes one reset at the newest position when there are too many, and goes on after it', () => {
    const buffer = new EventBuffer(3);
    buffer.push([event('added', 'a'), event('added', 'b'), event('added', 'c')], true);
    buffer.bound();
    expect(buffer.size).toBe(3);
    buffer.push([event('added', 'd')], true);
    const newest = seq;
    buffer.bound();
    buffer.push([event('added', 'e')], true);
    const [reset, after] = buffer.take(10);
    expect(reset).toMatchObject({ kind: 'reset', seq: newest });
    expect(reset?.id).toBeUndefined();
    expect(after).toMatchObject({ kind: 'added', id: 'e' });
  });
});

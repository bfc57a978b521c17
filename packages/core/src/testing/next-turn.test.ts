import { describe, expect, it } from 'vitest';
import { nextTurn, turnsBy } from './next-turn';

const MessageChannel = globalThis.MessageChannel as unknown as Parameters<typeof turnsBy>[0]['MessageChannel'];

describe.each([
  ['nextTurn', nextTurn],
  ['turns by message ports, where there is no setImmediate', turnsBy({ MessageChannel })],
])('%s', (_name, turn) => {
  it('comes after what promises do, once for each call, in order', async () => {
    const seen: string[] = [];
    const turns = [1, 2].map((n) => new Promise<void>((resolve) => turn(() => resolve(void seen.push(`turn ${n}`)))));
    Promise.resolve()
      .then(() => undefined)
      .then(() => seen.push('promise'));
    expect(seen).toEqual([]);
    await Promise.all(turns);
    expect(seen).toEqual(['promise', 'turn 1', 'turn 2']);
  });
});

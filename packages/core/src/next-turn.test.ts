import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { nextTurn, oncePerTurn, turnsBy } from './next-turn';

const microtasks = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve();
};

describe('turnsBy', () => {
  it.each([
    ['setImmediate', turnsBy({ setImmediate, MessageChannel: MessageChannel as never })],
    ['a message port where there is no setImmediate', turnsBy({ MessageChannel: MessageChannel as never })],
  ])('runs after all microtasks, by %s', async (_name, turn) => {
    const order: string[] = [];
    const turned = new Promise<void>((resolve) =>
      turn(() => {
        order.push('turn');
        resolve();
      }),
    );
    await microtasks();
    order.push('microtasks');
    await turned;
    expect(order).toEqual(['microtasks', 'turn']);
  });
});

describe('oncePerTurn', () => {
  it('answers the first call within the turn, and all others of the turn by one call on the next', async () => {
    let runs = 0;
    const schedule = oncePerTurn(() => runs++);
    schedule();
    schedule();
    expect(runs).toBe(0);
    await microtasks();
    expect(runs).toBe(1);
    schedule();
    schedule();
    await microtasks();
    expect(runs).toBe(1);
    await new Promise<void>(nextTurn);
    expect(runs).toBe(2);
    await new Promise<void>(nextTurn);
    await new Promise<void>(nextTurn);
    expect(runs).toBe(2);
    schedule();
    await microtasks();
    expect(runs).toBe(3);
  });

  it('may be scheduled from within its own run', async () => {
    let runs = 0;
    const schedule = oncePerTurn(() => {
      if (++runs < 3) schedule();
    });
    schedule();
    for (let i = 0; i < 4; i++) await new Promise<void>(nextTurn);
    expect(runs).toBe(3);
  });
});

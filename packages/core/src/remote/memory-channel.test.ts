import { describe, expect, it } from 'vitest';
import type { Channel } from './channel';
import { memoryChannelPair } from './memory-channel';
import { turns } from './testing-kit';

function collect(channel: Channel): { messages: unknown[]; closes: (Error | undefined)[] } {
  const seen = { messages: [] as unknown[], closes: [] as (Error | undefined)[] };
  channel.onMessage((message) => seen.messages.push(message));
  channel.onClose((error) => seen.closes.push(error));
  return seen;
}

describe('memoryChannelPair', () => {
  it('delivers copies, later and in order', async () => {
    const { a, b } = memoryChannelPair();
    const seen = collect(b);
    const message = { n: [1] };
    a.send(message);
    a.send('two');
    message.n.push(2);
    expect(seen.messages).toEqual([]);
    await turns();
    expect(seen.messages).toEqual([{ n: [1] }, 'two']);
  });

  it('keeps what arrives before there is a receiver', async () => {
    const { a, b } = memoryChannelPair();
    a.send(1);
    a.send(2);
    await turns();
    expect(collect(b).messages).toEqual([1, 2]);
  });

  it('counts what is not delivered yet', async () => {
    const { a } = memoryChannelPair();
    a.send('12345');
    expect(a.pending).toBe(7);
    await turns();
    expect(a.pending).toBe(0);
  });

  it('lets through what was sent before a close, and tells both ends once', async () => {
    const { a, b } = memoryChannelPair();
    const [atA, atB] = [collect(a), collect(b)];
    const why = new Error('enough');
    a.send('last words');
    a.close(why);
    a.close();
    a.send('too late');
    await turns();
    expect(atB.messages).toEqual(['last words']);
    expect(atA.closes).toEqual([why]);
    expect(atB.closes).toEqual([undefined]);
    expect(collect(b).closes).toEqual([undefined]);
  });

  it('loses what is under way when it is cut', async () => {
    const pair = memoryChannelPair();
    const [atA, atB] = [collect(pair.a), collect(pair.b)];
    pair.a.send('lost');
    pair.cut();
    await turns();
    expect(atB.messages).toEqual([]);
    expect([atA.closes.length, atB.closes.length]).toEqual([1, 1]);
  });

  it('cuts itself after so many messages, or after the one that a test chose', async () => {
    for (const cutAfter of [2, (message: unknown) => message === 'second']) {
      const pair = memoryChannelPair({ cutAfter });
      const seen = collect(pair.b);
      for (const message of ['first', 'second', 'third']) pair.a.send(message);
      await turns();
      expect(seen).toEqual({ messages: ['first', 'second'], closes: [undefined] });
      expect(pair.delivered).toBe(2);
    }
  });

  it('carries what its format carries, and throws what it cannot', () => {
    expect(() => memoryChannelPair({ format: 'json' }).a.send({ n: 1n })).toThrow(TypeError);
    expect(() => memoryChannelPair({ format: 'clone' }).a.send({ n: 1n })).not.toThrow();
    expect(() => memoryChannelPair({ format: 'clone' }).a.send({ run: () => {} })).toThrow(/could not be cloned/);
  });
});

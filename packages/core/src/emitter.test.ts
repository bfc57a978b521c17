import { describe, expect, expectTypeOf, it } from 'vitest';
import { Emitter } from './emitter';

type Events = { error: [error: unknown]; done: [id: string, bytes: number] };

describe('Emitter', () => {
  it('calls listeners in order with the arguments of the event', () => {
    const emitter = new Emitter<Events>();
    const seen: unknown[] = [];
    emitter.on('done', (id, bytes) => {
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(bytes).toEqualTypeOf<number>();
      seen.push(['first', id, bytes]);
    });
    emitter.on('done', (id) => seen.push(['second', id]));
    emitter.emit('done', 'a', 7);
    expect(seen).toEqual([
      ['first', 'a', 7],
      ['second', 'a'],
    ]);
  });

  it('takes listeners off again, also those of one call', () => {
    const emitter = new Emitter<Events>();
    const seen: string[] = [];
    const listener = (id: string): void => void seen.push(id);
    emitter.on('done', listener);
    expect(emitter.heard).toBe(true);
    emitter.off('done', listener);
    expect(emitter.heard).toBe(false);
    emitter.once('done', listener);
    emitter.off('done', listener);
    emitter.emit('done', 'never', 0);
    emitter.once('done', listener);
    emitter.emit('done', 'once', 0);
    emitter.emit('done', 'twice', 0);
    expect(seen).toEqual(['once']);
  });

  it('reports a listener that throws or rejects, and calls the others all the same', async () => {
    const emitter = new Emitter<Events>();
    const errors: unknown[] = [];
    const seen: string[] = [];
    emitter.on('error', (error) => errors.push(error));
    emitter.on('done', () => {
      throw new Error('thrown');
    });
    emitter.on('done', async () => {
      throw new Error('rejected');
    });
    emitter.on('done', (id) => seen.push(id));
    emitter.emit('done', 'a', 1);
    await Promise.resolve();
    expect(seen).toEqual(['a']);
    expect(errors.map(String)).toEqual(['Error: thrown', 'Error: rejected']);
  });

  it('lets go of an error listener that throws or rejects itself, and of errors that nobody hears', async () => {
    const emitter = new Emitter<Events>();
    emitter.emit('error', new Error('unheard'));
    const errors: unknown[] = [];
    emitter.on('error', () => {
      throw new Error('again');
    });
    emitter.on('error', () => Promise.reject(new Error('again')));
    emitter.on('error', (error) => errors.push(error));
    const first = new Error('first');
    emitter.emit('error', first);
    await Promise.resolve();
    expect(errors).toEqual([first]);
  });

  it('does not count error listeners as listening to events', () => {
    const emitter = new Emitter<Events>();
    emitter.on('error', () => {});
    expect(emitter.heard).toBe(false);
    emitter.on('done', () => {});
    emitter.clear();
    expect(emitter.heard).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { task } from '../test/rig';
import { UnknownTypeError } from './errors';
import { type AnyProcessor, defineProcessor } from './processor';
import { ProcessorRegistry } from './processor-registry';

const resize = defineProcessor({
  type: 'resize',
  description: 'Makes pictures smaller.',
  input: z.object({ width: z.number() }),
  output: z.object({ bytes: z.number() }),
  concurrency: 2,
  defaults: { priority: 3, backoff: () => 1 },
  run: () => ({ bytes: 1 }),
});

describe('ProcessorRegistry', () => {
  it('finds processors by type, and says what it knows when there is none', () => {
    const registry = new ProcessorRegistry([resize]);
    expect(registry.get('resize')).toBe(resize);
    expect(registry.get('constructor')).toBeUndefined();
    expect(() => registry.require('rezise')).toThrow(UnknownTypeError);
    expect(() => registry.require('rezise')).toThrow(/"rezise" \(known types: resize\)/);
    expect(() => new ProcessorRegistry([]).require('a')).toThrow(/no processor is registered/);
  });

  it('refuses what is no processor, naming each fault by its place', () => {
    const faulty = [{ type: '', input: {}, output: {}, run: 1, concurrency: 0 }, null] as unknown as AnyProcessor[];
    expect(() => new ProcessorRegistry(faulty)).toThrow(
      /\[0\]\.type: .*\[0\]\.input: .*\[0\]\.output: .*\[0\]\.run: .*\[0\]\.concurrency: .*\[1\]: is not a processor/,
    );
  });

  it('refuses two processors of one type', () => {
    expect(() => new ProcessorRegistry([resize, task('a', () => 1), resize])).toThrow(
      /\[2\]\.type: there is another processor of type "resize"/,
    );
  });

  it('checks data from outside, with paths below the data', async () => {
    const registry = new ProcessorRegistry([resize]);
    expect(await registry.validate('resize', { width: 1 })).toEqual([]);
    expect(await registry.validate('resize', { width: 'a' })).toMatchObject([{ path: ['width'] }]);
    expect(await registry.validate('other', 1)).toEqual([]);
  });

  it('describes processors as plain JSON', () => {
    const unrepresentable = defineProcessor({ type: 'odd', input: z.custom<URL>().transform(String), run: () => {} });
    const manifests = new ProcessorRegistry([resize, task('bare', () => 1), unrepresentable]).manifests();
    expect(JSON.parse(JSON.stringify(manifests))).toEqual(manifests);
    expect(manifests).toMatchObject([
      {
        type: 'resize',
        description: 'Makes pictures smaller.',
        concurrency: 2,
        defaults: { priority: 3, backoff: 'function' },
        input: { type: 'object', required: ['width'] },
        output: { type: 'object', required: ['bytes'] },
      },
      { type: 'bare', input: {} },
      { type: 'odd' },
    ]);
    expect(manifests[2]).toEqual({ type: 'odd' });
  });
});

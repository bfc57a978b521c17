import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { task } from '../test/rig';
import { UnknownTypeError, ValidationError } from './errors';
import { definePlugin, type Plugin, pluginManifest } from './plugin';
import { defineProcessor } from './processor';
import type { Service } from './service';
import { testLeviathan } from './testing/test-leviathan';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ file: z.string(), width: z.number().default(100) }),
  run: ({ input }) => ({ file: `${input.file}-${input.width}` }),
});
const images = definePlugin({ name: 'images', processors: [resize] });

describe('a Leviathan with plugins', () => {
  it('runs their processors beside its own, typed by both', async () => {
    await using leviathan = testLeviathan({ processors: [task('own', () => 'mine')], plugins: [images] });
    const resized = await leviathan.add('resize', { file: 'a.png' });
    const own = await leviathan.add('own', null);
    // @ts-expect-error: the plugin's schema wants a text.
    await expect(leviathan.add('resize', { file: 1 })).rejects.toThrow(ValidationError);
    // @ts-expect-error: nobody runs this type.
    await expect(leviathan.add('other', null)).rejects.toThrow(UnknownTypeError);
    await leviathan.drain();
    const result = await resized.result();
    expectTypeOf(result).toEqualTypeOf<{ file: string }>();
    expect([result, await own.result()]).toEqual([{ file: 'a.png-100' }, 'mine']);
  });

  it('takes any type where the plugins are only known at run time', async () => {
    const plugins: Plugin[] = [images];
    await using leviathan = testLeviathan({ processors: [task('own', () => 'mine')], plugins });
    const handle = await leviathan.add('resize', { file: 'a.png' });
    await leviathan.drain();
    expect(await handle.result()).toEqual({ file: 'a.png-100' });
    await expect(leviathan.add('other', null)).rejects.toThrow(UnknownTypeError);
  });

  it('starts their services after its own and stops them before', async () => {
    const story: string[] = [];
    const noting = (name: string): Service => ({
      name,
      start: () => void story.push(`start ${name}`),
      stop: () => void story.push(`stop ${name}`),
      health: () => ({ status: 'ok', problems: [] }),
    });
    const leviathan = testLeviathan({
      services: [noting('own')],
      plugins: [
        { name: 'a', services: [noting('of a')] },
        { name: 'b', services: [noting('of b')] },
      ],
    });
    await leviathan.start();
    await leviathan.stop();
    expect(story).toEqual(['start own', 'start of a', 'start of b', 'stop of b', 'stop of a', 'stop own']);
  });

  it('puts the middleware of the first plugin outermost, at every step', async () => {
    const story: string[] = [];
    const noting = (name: string): Plugin => {
      const note = async <T>(step: string, next: () => Promise<T>): Promise<T> => {
        story.push(`${name} ${step}`);
        return next();
      };
      return {
        name,
        middleware: {
          enqueue: (_, next) => note('enqueue', next),
          claim: (_, next) => note('claim', next),
          run: (_, next) => note('run', next),
          settle: (_, next) => note('settle', next),
        },
      };
    };
    await using leviathan = testLeviathan({ processors: [task('job', () => 1)], plugins: [noting('a'), noting('b')] });
    await leviathan.add('job', null);
    await leviathan.drain();
    for (const step of ['enqueue', 'claim', 'run', 'settle']) {
      expect(story.filter((line) => line.endsWith(step)).slice(0, 2)).toEqual([`a ${step}`, `b ${step}`]);
    }
  });

  it('lets middleware be the object of a class', async () => {
    class Counting {
      #count = 0;
      async run(_: unknown, next: () => Promise<unknown>): Promise<unknown> {
        this.#count++;
        return `${await next()} ${this.#count}`;
      }
    }
    const plugin = definePlugin({ name: 'counting', middleware: new Counting() });
    await using leviathan = testLeviathan({ processors: [task('job', () => 'run')], plugins: [plugin] });
    const handle = await leviathan.add('job', null);
    await leviathan.drain();
    expect(await handle.result()).toBe('run 1');
  });

  it('names the plugin whose middleware failed', async () => {
    const errors: unknown[] = [];
    const plugin = definePlugin({
      name: 'leaky',
      middleware: {
        settle: () => {
          throw new Error('no ink');
        },
      },
    });
    await using leviathan = testLeviathan({ processors: [task('job', () => 1)], plugins: [plugin] });
    leviathan.worker?.on('error', (error) => errors.push(error));
    const handle = await leviathan.add('job', null);
    await leviathan.drain();
    expect(await handle.result()).toBe(1);
    expect(errors).toMatchObject([{ message: expect.stringContaining('leaky failed: no ink') }]);
  });

  it('calls hooks for every change while it runs; one that throws is reported and changes nothing', async () => {
    const heard: string[] = [];
    const plugin = definePlugin({
      name: 'hooks',
      hooks: {
        added: ({ type }) => void heard.push(`added ${type}`),
        completed: async () => {
          throw new Error('no ink');
        },
        error: (error) => void heard.push((error as Error).message),
      },
    });
    const leviathan = testLeviathan({ processors: [task('job', () => 1)], plugins: [plugin] });
    await leviathan.add('job', null);
    await leviathan.start();
    const handle = await leviathan.add('job', null);
    await leviathan.drain();
    expect(await handle.result()).toBe(1);
    expect(heard).toEqual(['no ink', 'added job', 'no ink']);
    expect(await leviathan.health()).toMatchObject({ services: { plugins: { details: { plugins: ['hooks'] } } } });
    await leviathan.stop();
  });

  it('puts their templates into the store, and leaves those alone that are there', async () => {
    const template = (width: number) => ({
      parameters: { file: { type: 'string' as const, required: true } },
      job: { type: 'resize', data: { file: '{{file}}', width } },
    });
    const plugin = definePlugin({ ...images, templates: { small: template(10), large: template(1_000) } });
    const other = definePlugin({ name: 'other', templates: { small: template(1) } });
    await using leviathan = testLeviathan({ plugins: [plugin, other] });
    await leviathan.queue.templates.set('large', template(500));
    await leviathan.start();
    const kept = await leviathan.queue.templates.list();
    expect(kept.map(({ name, value }) => [name, value])).toEqual([
      ['large', template(500)],
      ['small', template(10)],
    ]);
    const job = await leviathan.queue.templates.run('small', { params: { file: 'a.png' } });
    await leviathan.drain();
    expect(await job.result()).toEqual({ file: 'a.png-10' });
    expect(leviathan.plugins[0]).toMatchObject({ templates: ['small', 'large'] });
  });

  it('says so when the store keeps no templates', async () => {
    const templates = { nightly: { job: { type: 'resize', data: { file: 'a.png' } } } };
    await using leviathan = testLeviathan({ plugins: [{ ...images, templates }] });
    Object.assign(leviathan.store.capabilities, { definitions: false });
    await leviathan.start();
    expect(await leviathan.health()).toMatchObject({
      status: 'degraded',
      problems: ['plugins: The store keeps no templates, so these are missing: nightly.'],
    });
  });

  it('listens to nothing and stands around nothing for plugins that do neither', async () => {
    await using leviathan = testLeviathan({ plugins: [images] });
    expect(leviathan.services.names).toEqual(['job-queue', 'worker']);
  });

  it('refuses plugins that do not go together', () => {
    expect(() => testLeviathan({ plugins: [images, { name: 'other', processors: [resize] }] })).toThrow(
      ValidationError,
    );
    expect(() => testLeviathan({ processors: [resize], plugins: [images] })).toThrow(
      /another processor of type "resize"/,
    );
    expect(() => testLeviathan({ plugins: [{} as Plugin] })).toThrow(/name: must be a text/);
  });
});

describe('pluginManifest', () => {
  it('is plain JSON, with the JSON Schema of what goes in and comes out', () => {
    const plugin = definePlugin({
      name: 'images',
      version: '1.2.0',
      description: 'Works on images.',
      processors: [resize],
      hooks: { failed: () => {} },
      middleware: { run: (_, next) => next() },
    });
    const manifest = pluginManifest(plugin);
    expect(manifest).toEqual(JSON.parse(JSON.stringify(manifest)));
    expect(manifest).toMatchObject({
      name: 'images',
      version: '1.2.0',
      description: 'Works on images.',
      processors: [
        {
          type: 'resize',
          input: { type: 'object', properties: { width: { type: 'number', default: 100 } }, required: ['file'] },
        },
      ],
      services: [],
      templates: [],
      hooks: ['failed'],
      middleware: ['run'],
    });
    expect(testLeviathan({ plugins: [plugin] }).plugins).toEqual([manifest]);
  });

  it('takes the JSON Schema from the processor where the schema library knows none', () => {
    const input = { '~standard': { version: 1 as const, vendor: 'none', validate: (value: unknown) => ({ value }) } };
    const [bare, told] = pluginManifest({
      name: 'x',
      processors: [
        { type: 'bare', input, run: () => 1 },
        { type: 'told', input, jsonSchema: { input: { type: 'string' }, output: { type: 'number' } }, run: () => 1 },
      ],
    }).processors;
    expect(bare).toEqual({ type: 'bare' });
    expect(told).toEqual({ type: 'told', input: { type: 'string' }, output: { type: 'number' } });
  });
});

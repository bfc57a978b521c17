import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rig } from '../../test/rig';
import { DefinitionNotFoundError, UnknownTypeError, ValidationError } from '../errors';
import { defineProcessor } from '../processor';
import type { Template } from './template';

const resize = defineProcessor({
  type: 'resize',
  input: z.object({ file: z.string(), width: z.number().int().max(100) }),
  run: () => 'small',
});
const thumbnail: Template = {
  parameters: { file: { type: 'string' }, width: { type: 'integer', default: 10 } },
  presets: { big: { width: 90 } },
  job: { type: 'resize', data: { file: '{{file}}', width: '{{width}}' }, options: { priority: 7, delay: 5_000 } },
};

describe('the templates of a queue', () => {
  it('are kept by name, and go', async () => {
    const { queue } = rig([resize]);
    await queue.templates.set('thumbnail', thumbnail, { by: 'ann' });
    await queue.templates.set('a', { job: { type: 'x' } });
    expect((await queue.templates.list()).map(({ name }) => name)).toEqual(['a', 'thumbnail']);
    expect((await queue.templates.get('thumbnail'))?.value).toEqual(thumbnail);
    await queue.templates.remove('thumbnail');
    expect(await queue.templates.get('thumbnail')).toBeNull();
  });

  it('are refused with the path of the fault', async () => {
    const { queue } = rig([resize]);
    const bad = { ...thumbnail, job: { type: 'resize', data: { file: '{{flie}}' } } };
    const error = await queue.templates.set('thumbnail', bad).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues[0]?.path).toEqual(['value', 'job', 'data', 'file']);
    expect(await queue.templates.list()).toEqual([]);
  });

  it('make jobs, which tell by a tag where they come from', async () => {
    const { queue, job } = rig([resize]);
    await queue.templates.set('thumbnail', thumbnail);
    const input = { preset: 'big', params: { file: 'a.png' } };
    const { id } = await queue.templates.run('thumbnail', input, { id: 'mine', priority: 1, tags: ['night'] });
    expect(await job(id)).toMatchObject({
      ...{ id: 'mine', type: 'resize', data: { file: 'a.png', width: 90 }, priority: 1 },
      tags: ['template:thumbnail', 'night'],
    });
    expect((await queue.list({ filter: { tags: ['template:thumbnail'] } })).jobs).toHaveLength(1);
    const later = await queue.templates.run('thumbnail', input, { runAt: 4_102_444_800_000 });
    expect((await job(later.id)).runAt).toBe('2100-01-01T00:00:00.000Z');
  });

  it('show what they would add', async () => {
    const { queue } = rig([resize]);
    await queue.templates.set('thumbnail', thumbnail);
    expect(await queue.templates.render('thumbnail', { params: { file: 'a' } })).toMatchObject({
      type: 'resize',
      data: { file: 'a', width: 10 },
    });
    expect((await queue.counts()).pending).toBe(0);
  });

  it('add nothing that a processor would not take', async () => {
    const { queue } = rig([resize]);
    await queue.templates.set('thumbnail', thumbnail);
    await queue.templates.set('other', { job: { type: 'other' } });
    const path = async (call: Promise<unknown>) => {
      const error = await call.catch((thrown: unknown) => thrown);
      return error instanceof ValidationError ? error.issues[0]?.path : error;
    };
    expect(await path(queue.templates.run('thumbnail'))).toEqual(['params', 'file']);
    expect(await path(queue.templates.run('thumbnail', { params: { file: 'a', width: 500 } }))).toEqual([
      'data',
      'width',
    ]);
    expect(await path(queue.templates.run('other'))).toBeInstanceOf(UnknownTypeError);
    expect(await path(queue.templates.run('nothing'))).toBeInstanceOf(DefinitionNotFoundError);
    expect((await queue.counts()).pending).toBe(0);
  });
});

describe('an exchange with another queue', () => {
  it('checks what comes by the processors that it knows', async () => {
    const from = rig([]).queue;
    const { queue } = rig([resize]);
    await queue.templates.set('thumbnail', thumbnail);
    await queue.add('resize', { file: 'a', width: 1 });
    const lines: string[] = [];
    for await (const line of queue.export()) lines.push(line);
    lines.push('{"type":"resize","data":{}}', '{"type":"else"}');
    const strict = await queue.import(lines, { dryRun: true });
    expect(strict.kinds.job).toMatchObject({ same: 1, invalid: 2 });
    expect((await from.import(lines, { anyType: true })).kinds).toMatchObject({
      template: { added: 1 },
      job: { added: 3 },
    });
  });
});

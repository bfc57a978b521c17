import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rig, task } from '../../test/rig';
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

describe('a template of a flow', () => {
  const picture: Template = {
    parameters: { file: { type: 'string' }, width: { type: 'integer', default: 10 } },
    presets: { big: { width: 90 } },
    flow: {
      fetch: { type: 'fetch', data: '{{file}}', options: { key: 'fetch:{{file}}', tags: ['net'] } },
      resize: { type: 'resize', data: { file: '{{file}}', width: '{{width}}' }, dependsOn: ['fetch'] },
    },
  };
  const fetch = task('fetch', ({ input }) => input);

  async function withPicture() {
    const made = rig([resize, fetch]);
    await made.queue.templates.set('picture', picture);
    return made;
  }

  it('makes jobs that depend on each other, by their names', async () => {
    const { queue, worker, job } = await withPicture();
    const input = { preset: 'big', params: { file: 'a.png' } };
    const jobs = await queue.templates.runFlow('picture', input, { priority: 2, tags: ['night'] });
    expect(Object.keys(jobs)).toEqual(['fetch', 'resize']);
    expect(await job(jobs.fetch?.id ?? '')).toMatchObject({
      ...{ type: 'fetch', data: 'a.png', key: 'fetch:a.png', priority: 2 },
      tags: ['net', 'template:picture', 'night'],
    });
    expect(await job(jobs.resize?.id ?? '')).toMatchObject({
      ...{ data: { file: 'a.png', width: 90 }, dependsOn: [jobs.fetch?.id], priority: 2 },
      tags: ['template:picture', 'night'],
    });
    await worker.start();
    expect(await jobs.resize?.result()).toBe('small');
  });

  it('shows what it would add, and adds all or nothing', async () => {
    const { queue } = await withPicture();
    expect(await queue.templates.renderFlow('picture', { params: { file: 'a' } })).toMatchObject({
      fetch: { type: 'fetch', data: 'a' },
      resize: { type: 'resize', data: { file: 'a', width: 10 }, dependsOn: ['fetch'] },
    });
    const wide = queue.templates.runFlow('picture', { params: { file: 'a', width: 500 } });
    await expect(wide).rejects.toMatchObject({ issues: [{ path: ['resize', 'data', 'width'] }] });
    await expect(queue.templates.runFlow('picture')).rejects.toMatchObject({ issues: [{ path: ['params', 'file'] }] });
    expect((await queue.counts()).pending).toBe(0);
  });

  it('is told from one of a job', async () => {
    const { queue } = await withPicture();
    await queue.templates.set('thumbnail', thumbnail);
    const params = { file: 'a' };
    await expect(queue.templates.run('picture', { params })).rejects.toThrow(/runFlow/);
    await expect(queue.templates.runFlow('thumbnail', { params })).rejects.toMatchObject({
      issues: [{ path: ['job'] }],
    });
    await expect(queue.templates.runFlow('nothing')).rejects.toThrow(DefinitionNotFoundError);
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

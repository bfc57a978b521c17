import { defineProcessor, ISOLATION_KINDS } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errorOf, jobModule, messages, rig, task } from './rig';

describe.each(ISOLATION_KINDS)('a handler in a %s', (kind) => {
  it('gets its input and gives its result, somewhere else than here', async () => {
    const { run } = await rig([task('default', { kind })]);
    const { result } = await run('default', 21);
    expect(result).toMatchObject({ doubled: 42, isMainThread: kind === 'process' });
    expect((result as { pid: number }).pid === process.pid).toBe(kind === 'thread');
  });

  it('tells progress, lines, checkpoints in order, and reads its parents', async () => {
    const { run, leviathan } = await rig([task('told', { kind }), task('default', { kind })]);
    const told: string[] = [];
    leviathan.on('log', ({ logs }) => told.push(...(logs ?? []).map(({ message }) => message)));
    leviathan.on('progress', ({ progress }) => told.push(`${progress} %`));
    const parent = await run('default', 4);
    const job = await run('told', { date: 'x' }, { dependsOn: [parent.id] });
    expect(job.result).toEqual({
      input: { date: 'x' },
      id: job.id,
      type: 'told',
      attempt: 1,
      lastCheckpoint: null,
      parents: [parent.result],
    });
    expect(job.metadata).toMatchObject({ detail: { step: 'one' }, checkpoint: { at: 'half' } });
    expect(job.metadata.logs).toMatchObject([
      { level: 'debug', message: 'first', fields: { n: 1 } },
      { level: 'info', message: 'second' },
      { level: 'warn', message: 'third' },
    ]);
    expect(told.filter((line) => !line.endsWith('%'))).toEqual(['first', 'second', 'third']);
    expect(told.indexOf('10 %')).toBeLessThan(told.indexOf('third'));
    expect(told.indexOf('90 %')).toBeGreaterThan(told.indexOf('10 %'));
  });

  it('does a step once, and waits for jobs that it adds', async () => {
    const { run } = await rig([task('whole', { kind }), task('default', { kind })]);
    const { result, metadata, children, attempt } = await run('whole', 5);
    expect(result).toEqual({ first: 'done in run 1', doubled: [10, 12] });
    expect(metadata.steps).toMatchObject([{ name: 'first', result: 'done in run 1' }]);
    expect([children?.[0]?.ids.length, attempt]).toEqual([2, 1]);
  });

  it('may tell more than anybody wants to hear', async () => {
    const { run } = await rig([task('chatty', { kind })]);
    const job = await run('chatty', 50_000);
    expect(job.metadata).toMatchObject({ progress: 100, detail: { i: 50_000 } });
    expect(messages(job)).toHaveLength(100);
    expect(messages(job).at(-1)).toBe('line 50000');
  });

  it('has what it prints as lines of its job', async () => {
    const { run } = await rig([task('prints', { kind })]);
    const { metadata } = await run('prints');
    expect(metadata.logs.toSorted((a, b) => (a.message < b.message ? -1 : 1))).toMatchObject([
      { level: 'warn', message: 'to stderr', fields: { stream: 'stderr' } },
      { level: 'info', message: 'to stdout', fields: { stream: 'stdout' } },
      { level: 'info', message: 'without an end', fields: { stream: 'stdout' } },
    ]);
  });

  it('fails with the name, message, code, stack and causes of what it throws', async () => {
    const { run } = await rig([task('throwsError', { kind })]);
    const job = await run('throwsError');
    expect(job.reason).toBe('error');
    expect(errorOf(job)).toMatchObject({ name: 'RangeError', message: 'too far', code: 'TOO_FAR' });
    expect(errorOf(job)?.stack).toMatch(/tasks\.mjs:\d+[\s\S]*Caused by: TypeError: the cause/);
  });

  it.each([
    ['throwsText', { name: 'NonError', message: 'just a text' }],
    ['throwsObject', { name: 'NonError', message: '{"odd":true}' }],
    ['throwsFunction', { name: 'NonError', message: '() => {}' }],
    ['returnsFunction', { message: '() => {} could not be cloned.' }],
    ['badCheckpoint', { name: 'ValidationError', code: 'INVALID' }],
  ])('fails when it %s', async (name, error) => {
    const { run } = await rig([task(name, { kind })]);
    expect(errorOf(await run(name))).toMatchObject(error);
  });

  it('is tried again, with its checkpoint, unless what it threw says otherwise', async () => {
    const { run } = await rig([task('throwsError', { kind }), task('throwsUnrecoverable', { kind })]);
    const options = { attempts: 3, backoff: { type: 'fixed', delay: 0 } } as const;
    expect(await run('throwsError', null, options)).toMatchObject({ attempt: 3, metadata: { retries: 2 } });
    expect(await run('throwsUnrecoverable', null, options)).toMatchObject({ attempt: 1, metadata: { retries: 0 } });
  });

  it('gets input that is no JSON: what the schema makes of the data', async () => {
    const input = z.object({ at: z.string().transform((text) => new Date(text)) });
    const processor = defineProcessor({ type: 'dated', input, module: jobModule('dated.mjs'), isolation: { kind } });
    const { run } = await rig([processor as never]);
    expect((await run('dated', { at: '2025-01-30' })).result).toBe(2025);
  });

  it('can be TypeScript', async () => {
    const processor = defineProcessor({
      type: 'typed',
      input: z.any(),
      module: jobModule('typed.ts'),
      isolation: { kind },
    });
    const { run } = await rig([processor]);
    expect((await run('typed', { width: 7 })).result).toBe('large 7');
  });

  it.each([
    ['absent.mjs', 'default', /absent\.mjs cannot be used: Cannot find module/],
    ['broken.mjs', 'default', /broken\.mjs cannot be used: not today/],
    ['tasks.mjs', 'absent', /tasks\.mjs cannot be used: it exports no function absent \(it exports: badCheckpoint,/],
  ])('fails when its module %s has no %s', async (module, handler, message) => {
    const processor = defineProcessor({
      type: 'faulty',
      input: z.any(),
      module: jobModule(module),
      handler,
      isolation: { kind },
    });
    const { run } = await rig([processor]);
    const job = await run('faulty');
    expect(job.reason).toBe('error');
    expect(errorOf(job)).toMatchObject({
      name: 'ModuleLoadError',
      code: 'MODULE',
      message: expect.stringMatching(message),
    });
  });
});

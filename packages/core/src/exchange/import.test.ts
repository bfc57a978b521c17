import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ImportConflictError } from '../errors';
import type { Job, JobSpec, Json } from '../job';
import { MemoryStore } from '../memory-store';
import { defineProcessor } from '../processor';
import { ProcessorRegistry } from '../processor-registry';
import { FakeClock } from '../testing/fake-clock';
import { type ExportOptions, exportAll } from './export';
import { importAll } from './import';
import type { ImportOptions } from './import-scope';
import { IMPORT_STATES, type ImportResult } from './report';

const clock = new FakeClock();
const job = (id: string, more: Partial<JobSpec> = {}): JobSpec => ({ type: 'a', data: { n: id }, id, ...more });

async function storeOf(specs: JobSpec[] = [], templates: { [name: string]: Json } = {}): Promise<MemoryStore> {
  const store = new MemoryStore({ clock });
  await store.add(specs);
  await store.define(Object.entries(templates).map(([name, value]) => ({ kind: 'template', name, value })));
  return store;
}

async function linesOf(store: MemoryStore, options?: ExportOptions): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportAll(store, { clock, ...options })) lines.push(line);
  return lines;
}

const importInto = (store: MemoryStore, lines: Iterable<string>, options?: ImportOptions) =>
  importAll(store, lines, { clock, ...options });
const jobsOf = async (store: MemoryStore): Promise<Job[]> => (await store.list({ limit: 1_000 })).jobs;
const shape = ({ items }: ImportResult) =>
  items.map(({ name, state, action, renamedTo }) => [name, state, action, ...(renamedTo ? [renamedTo] : [])]);
/** The counts that are not 0. */
const sums = ({ kinds }: ImportResult) =>
  Object.fromEntries(
    Object.entries(kinds).map(([kind, counts]) => [
      kind,
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ]),
  );
const line = (value: Json): string => JSON.stringify(value);

describe('definitions and jobs of another store', () => {
  const specs = [
    job('parent', { priority: 2, timeout: 5, maxAttempts: 4, backoff: { type: 'fixed', delay: 3 }, tags: ['t'] }),
    job('child', {
      dependsOn: ['parent'],
      onParentFailed: 'skip',
      key: 'k',
      runAt: clock.now() + 60_000,
      ageing: 9_000,
    }),
  ];
  const templates = { one: { job: { type: 'x' } }, two: { parameters: {}, job: { type: 'y' } } };

  it.each(['ndjson', 'json'] as const)('are the same here, by %s', async (style) => {
    const from = await storeOf(specs, templates);
    const lines = await linesOf(from, { style });
    const to = await storeOf();
    const result = await importInto(to, lines);
    expect(sums(result)).toEqual({ template: { new: 2, added: 2 }, job: { new: 2, added: 2 } });
    expect(await linesOf(to, { style })).toEqual(lines);
    expect(await jobsOf(to)).toEqual((await jobsOf(from)).map((one) => ({ ...one, order: expect.any(Number) })));
  });

  it('change nothing when they come again, also after they ran', async () => {
    const from = await storeOf(specs, templates);
    const lines = await linesOf(from);
    await importInto(from, lines);
    const [claimed] = await from.claim({ worker: 'w', limit: 1, wait: false });
    await from.settle([{ id: 'parent', token: claimed?.token ?? '', outcome: 'completed', result: 7 }]);
    await clock.advance(120_000);
    const before = await jobsOf(from);
    for (const onConflict of ['skip', 'replace', 'rename', 'fail'] as const) {
      const again = await importInto(from, lines, { onConflict });
      expect(sums(again)).toEqual({ template: { same: 2, skipped: 2 }, job: { same: 2, skipped: 2 } });
    }
    expect(await jobsOf(from)).toEqual(before);
  });

  it('come as far as they are asked for', async () => {
    const from = await storeOf(specs, templates);
    expect(await linesOf(from, { kinds: ['template'] })).toHaveLength(3);
    expect(await linesOf(from, { kinds: ['job'], filter: { tags: ['t'] } })).toHaveLength(2);
    const to = await storeOf();
    const result = await importInto(to, await linesOf(from), { kinds: ['template'] });
    expect(Object.keys(result.kinds)).toEqual(['template']);
    expect(await jobsOf(to)).toEqual([]);
  });

  it('have no parents that are gone where they came from', async () => {
    const from = await storeOf(specs);
    const ids = ['parent'];
    await from.change({ change: { action: 'remove' }, target: { ids } });
    const to = await storeOf();
    await importInto(to, await linesOf(from));
    const [child] = await jobsOf(to);
    expect(child).toMatchObject({ id: 'child', status: 'pending' });
    expect(child).not.toHaveProperty('dependsOn');
  });
});

describe('a whole job', () => {
  /** One that completed, one that failed, one that waits. */
  async function worked(): Promise<MemoryStore> {
    const store = await storeOf([job('done', { maxAttempts: 1 }), job('bad', { maxAttempts: 1 }), job('waits')]);
    const [done, bad] = await store.claim({ worker: 'w', limit: 2, wait: false });
    if (!done || !bad) throw new Error('two jobs start');
    await store.settle([
      { id: done.job.id, token: done.token, outcome: 'completed', result: [1] },
      { id: bad.job.id, token: bad.token, outcome: 'failed', error: { name: 'E', message: 'no' }, reason: 'error' },
    ]);
    return store;
  }

  it('keeps its history', async () => {
    const from = await worked();
    const to = await storeOf();
    const lines = await linesOf(from, { history: true });
    expect(sums(await importInto(to, lines))).toEqual({ job: { new: 3, added: 3 } });
    expect(await linesOf(to, { history: true })).toEqual(lines);
    expect(sums(await importInto(to, lines))).toEqual({ job: { same: 3, skipped: 3 } });
  });

  it('is pending again without it', async () => {
    const to = await storeOf();
    await importInto(to, await linesOf(await worked(), { history: true }), { history: false });
    expect((await jobsOf(to)).map(({ status, attempt }) => [status, attempt])).toEqual([
      ['pending', 0],
      ['pending', 0],
      ['pending', 0],
    ]);
  });

  it('differs from the same job in another state', async () => {
    const from = await worked();
    const to = await storeOf([job('done', { maxAttempts: 1 })]);
    const lines = await linesOf(from, { history: true, filter: { status: 'completed' } });
    const { items } = await importInto(to, lines, { onConflict: 'replace' });
    expect(items[0]?.changes).toContainEqual({ path: ['status'], from: 'pending', to: 'completed' });
    expect((await jobsOf(to))[0]).toMatchObject({ status: 'completed' });
  });
});

describe('something else under the same name', () => {
  const document = [
    line({ kind: 'template', name: 't', value: { job: { type: 'new' } } }),
    line({ kind: 'job', id: 'p', type: 'a', data: { n: 'new' }, tags: ['x'] }),
    line({ kind: 'job', id: 'c', type: 'a', data: 1, dependsOn: ['p'] }),
  ];
  const there = () => storeOf([job('p')], { t: { job: { type: 'old' } } });
  const content = async (store: MemoryStore) => ({
    templates: (await store.definitions('template')).map(({ name, value }) => [name, value]),
    jobs: (await jobsOf(store)).map(({ id, data, dependsOn }) => [id, data, dependsOn]),
  });

  it('stays by default, and the difference is told field by field', async () => {
    const store = await there();
    const result = await importInto(store, document);
    expect(result.items).toEqual([
      expect.objectContaining({ line: 1, changes: [{ path: ['job', 'type'], from: 'old', to: 'new' }] }),
      expect.objectContaining({
        line: 2,
        changes: [
          { path: ['data', 'n'], from: 'p', to: 'new' },
          { path: ['tags'], to: ['x'] },
        ],
      }),
    ]);
    expect(sums(result)).toEqual({
      template: { different: 1, skipped: 1 },
      job: { different: 1, new: 1, added: 1, skipped: 1 },
    });
    expect((await content(store)).jobs).toEqual([
      ['p', { n: 'p' }, undefined],
      ['c', 1, ['p']],
    ]);
  });

  it('is replaced if asked for', async () => {
    const store = await there();
    const result = await importInto(store, document, { onConflict: 'replace' });
    expect(shape(result)).toEqual([
      ['t', 'different', 'replaced'],
      ['p', 'different', 'replaced'],
    ]);
    expect(await content(store)).toEqual({
      templates: [['t', { job: { type: 'new' } }]],
      jobs: [
        ['p', { n: 'new' }, undefined],
        ['c', 1, ['p']],
      ],
    });
  });

  it('is not replaced while it runs', async () => {
    const store = await there();
    await store.claim({ worker: 'w', limit: 1, wait: false });
    const result = await importInto(store, document.slice(1, 2), { onConflict: 'replace' });
    expect(result.items).toMatchObject([
      { state: 'conflict', action: 'skipped', reason: expect.stringMatching(/running/) },
    ]);
  });

  it('stands beside it under a name of its own, which those that wait for it use; once', async () => {
    const store = await there();
    const first = await importInto(store, document, { onConflict: 'rename' });
    const [, [, , , renamed] = []] = shape(first) as string[][];
    expect(shape(first)).toEqual([
      ['t', 'different', 'renamed', expect.stringMatching(/^t-[0-9a-f]{8}$/)],
      ['p', 'different', 'renamed', expect.stringMatching(/^p-[0-9a-f]{8}$/)],
    ]);
    expect((await content(store)).jobs).toEqual([
      ['p', { n: 'p' }, undefined],
      [renamed, { n: 'new' }, undefined],
      ['c', 1, [renamed]],
    ]);
    const before = await content(store);
    expect(sums(await importInto(store, document, { onConflict: 'rename' }))).toEqual({
      template: { same: 1, skipped: 1 },
      job: { same: 2, skipped: 2 },
    });
    expect(await content(store)).toEqual(before);
  });

  it('ends the import if asked for, before anything of its batch is there', async () => {
    const store = await there();
    const before = await content(store);
    await expect(importInto(store, document.slice(1), { onConflict: 'fail' })).rejects.toBeInstanceOf(
      ImportConflictError,
    );
    await expect(importInto(store, document, { onConflict: 'fail' })).rejects.toMatchObject({
      code: 'IMPORT_CONFLICT',
    });
    const keyed = [line({ type: 'a', id: 'k1', key: 'k' }), line({ type: 'a', id: 'k2', key: 'k' })];
    await expect(importInto(store, keyed, { onConflict: 'fail' })).rejects.toBeInstanceOf(ImportConflictError);
    expect(await content(store)).toEqual(before);
  });

  it('may hold the key: then the job is left out, and what waits for it', async () => {
    const store = await storeOf([job('holder', { key: 'k' })]);
    const lines = [line({ type: 'a', id: 'p', key: 'k' }), line({ type: 'a', id: 'c', dependsOn: ['p'] })];
    for (const dryRun of [true, false]) {
      const result = await importInto(store, lines, { dryRun });
      expect(result.items.map(({ name, state, reason }) => [name, state, reason])).toEqual([
        ['p', 'conflict', 'another job holds its key'],
        ['c', 'conflict', 'a job that it waits for is not there'],
      ]);
    }
    expect(await jobsOf(store)).toHaveLength(1);
  });
});

describe('a dry run', () => {
  it('tells what the import then does, and does nothing', async () => {
    const lines = [
      line({ kind: 'template', name: 'new', value: { job: { type: 'x' } } }),
      line({ kind: 'template', name: 't', value: { job: { type: 'new' } } }),
      line({ kind: 'template', name: 'bad', value: {} }),
      line({ kind: 'gadget', name: 'x', value: {} }),
      ...Array.from({ length: 2_500 }, (_, i) =>
        line({ type: 'a', id: `j${i}`, ...(i > 0 && { dependsOn: [`j${i - 1}`] }) }),
      ),
      line({ type: 'a', id: 'same', data: { n: 'same' } }),
      line({ type: 'a', id: 'lost', dependsOn: ['nobody'] }),
      'nonsense',
    ];
    for (const onConflict of ['skip', 'replace', 'rename'] as const) {
      const store = await storeOf([job('same'), job('j7')], { t: { job: { type: 'old' } } });
      const before = [await jobsOf(store), await store.definitions()];
      const preview = await importInto(store, lines, { dryRun: true, onConflict });
      expect([await jobsOf(store), await store.definitions()]).toEqual(before);
      const { dryRun, ...rest } = await importInto(store, lines, { onConflict });
      expect({ dryRun, preview: preview.dryRun }).toEqual({ dryRun: false, preview: true });
      expect(rest).toEqual({ kinds: preview.kinds, items: preview.items });
      expect((await store.counts()).pending).toBe(onConflict === 'rename' ? 2_502 : 2_501);
    }
  });
});

describe('jobs of a document', () => {
  it('may be written by hand, with nothing but a type; the same twice is two jobs, but not when the document comes again', async () => {
    const store = await storeOf();
    const lines = [line({ type: 'a' }), line({ type: 'a' }), line({ type: 'a', data: 7, attempts: 2, delay: 1_000 })];
    await importInto(store, lines);
    const jobs = await jobsOf(store);
    expect(jobs.map(({ data, maxAttempts }) => [data, maxAttempts])).toEqual([
      [{}, 3],
      [{}, 3],
      [7, 2],
    ]);
    expect(jobs[2]?.runAt).toBe(new Date(clock.now() + 1_000).toISOString());
    expect(sums(await importInto(store, lines))).toEqual({ job: { same: 3, skipped: 3 } });
  });

  it('stand in any order', async () => {
    const store = await storeOf();
    const chain = Array.from({ length: 3_000 }, (_, i) => ({
      type: 'a',
      id: `j${i}`,
      ...(i < 2_999 && { dependsOn: [`j${i + 1}`] }),
    }));
    const both = { type: 'a', id: 'both', dependsOn: ['j2', 'late'] };
    const lines = [both, ...chain, { type: 'a', id: 'late' }].map(line);
    expect(sums(await importInto(store, lines))).toEqual({ job: { new: 3_002, added: 3_002 } });
    expect((await store.counts()).waiting).toMatchObject({ blocked: 3_000, ready: 2 });
  });

  it('get new ids if asked for, also where others wait for them, and once more each time', async () => {
    const lines = [
      line({ type: 'a', id: 'c', dependsOn: ['p', 'here'] }),
      line({ type: 'a', id: 'p', dependsOn: ['here'] }),
      line({ type: 'a' }),
    ];
    const store = await storeOf([job('here'), job('p')]);
    for (const expected of [5, 8]) {
      await importInto(store, lines, { newIds: true });
      const jobs = await jobsOf(store);
      expect(jobs).toHaveLength(expected);
      const child = jobs.findLast(({ dependsOn }) => dependsOn?.length === 2);
      const parent = jobs.findLast(({ dependsOn }) => dependsOn?.length === 1);
      expect(child?.dependsOn).toEqual([parent?.id, 'here']);
      expect(parent?.dependsOn).toEqual(['here']);
    }
  });

  it.each<[Json, (string | number)[], RegExp]>([
    [{}, ['type'], /missing/],
    [{ type: 'a', id: 'x', colour: 1 }, ['colour'], /is none of/],
    [{ type: 'a', id: 'x', attempt: 1 }, ['attempt'], /is none of/],
    [{ type: 'a', id: '../x' }, ['id'], /must be 1 to 128/],
    [{ type: 'a', priority: 11 }, ['priority'], /from 1 to 10/],
    [{ type: 'a', runAt: 'soon' }, ['runAt'], /ISO 8601/],
    [{ type: 'a', delay: 1, runAt: 1 }, ['delay'], /together/],
    [{ type: 'a', delay: -1 }, ['delay'], /0 or more/],
    [{ type: 'a', id: 'x', status: 'done' }, ['status'], /must be one of/],
    [{ type: 'a', id: 'x', status: 'pending', metadata: 1 }, ['metadata'], /object/],
    [{ type: 'a', id: 'x', dependsOn: ['nobody'] }, ['dependsOn', 0], /no job "nobody"/],
    [{ type: 'a', id: 'x', dependsOn: ['x'] }, ['dependsOn', 0], /cycle: x -> x/],
    ['x', [], /must be an object/],
    [{ kind: 'template', name: 'A', value: { job: { type: 'x' } } }, ['name'], /must be 1 to 128/],
    [{ kind: 'template', name: 'a', value: null }, ['value'], /missing/],
    [{ kind: 'template', name: 'a', valu: 1, value: { job: { type: 'x' } } }, ['valu'], /unknown/],
    [{ kind: 'template', name: 'a', value: { job: {} } }, ['value', 'job', 'type'], /missing/],
  ])('are left out when something is wrong with them: %j', async (value, path, message) => {
    const store = await storeOf();
    const { items } = await importInto(store, [line({ type: 'a', id: 'good' }), line(value)]);
    expect(items).toEqual([expect.objectContaining({ line: 2, state: 'invalid', action: 'skipped' })]);
    expect(items[0]?.issues).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(await jobsOf(store)).toHaveLength(1);
  });

  it('are checked by the processors of their types', async () => {
    const mail = defineProcessor({ type: 'mail', input: z.object({ to: z.string() }), run: () => undefined });
    const validator = new ProcessorRegistry([mail]);
    const lines = [{ type: 'mail', data: { to: 'ada' } }, { type: 'mail', data: {} }, { type: 'other' }].map((value) =>
      JSON.stringify(value),
    );
    const strict = await importInto(await storeOf(), lines, { validator });
    expect(strict.items.map(({ issues }) => issues?.[0]?.path)).toEqual([['data', 'to'], ['type']]);
    expect(sums(await importInto(await storeOf(), lines, { validator, anyType: true })).job).toEqual({
      ...{ new: 2, added: 2, invalid: 1, skipped: 1 },
    });
  });

  it('of a kind that a newer version knows are told and left out', async () => {
    const result = await importInto(await storeOf(), [line({ kind: 'gadget', name: 'x' }), line({ type: 'a' })]);
    expect(sums(result)).toEqual({ gadget: { unknown: 1, skipped: 1 }, job: { new: 1, added: 1 } });
    expect(IMPORT_STATES).toContain(result.items[0]?.state);
  });
});

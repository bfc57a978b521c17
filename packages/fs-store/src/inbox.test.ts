import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { defineProcessor, type JobValidator, ProcessorRegistry, StoreWriteError } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type Files, nodeFiles } from './files';
import { Inbox } from './inbox';
import { Layout } from './layout';
import { Quarantine } from './quarantine';
import { faultyFiles } from './testing/faults';
import { Engine } from './testing/folder-host';
import { tempDir } from './testing/temp-dir';

interface Options {
  files?: Files;
  layout?: Layout;
  engine?: Engine;
  validator?: JobValidator;
}

function setUp({ files = nodeFiles, layout = new Layout(tempDir()), ...options }: Options = {}) {
  layout.ensure(nodeFiles);
  const clock = new FakeClock(Date.now());
  const engine = options.engine ?? new Engine(clock);
  const errors: Error[] = [];
  const inbox = new Inbox({
    ...{ layout, files, clock, add: (specs) => engine.add(specs), validator: () => options.validator },
    quarantine: new Quarantine(layout, files, clock),
    onError: (error) => errors.push(error as Error),
  });
  onTestFinished(() => inbox.stop());
  const path = (name: string): string => join(layout.inbox, name);
  return {
    ...{ layout, clock, engine, inbox, errors, path },
    drop: (name: string, content: unknown) =>
      writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content)),
    jobs: async () => (await engine.list({ limit: 1_000 })).jobs,
    left: () => readdirSync(layout.inbox),
    reasons: () =>
      readdirSync(layout.quarantine)
        .filter((name) => name.endsWith('.reason.json'))
        .map((name) => JSON.parse(readFileSync(join(layout.quarantine, name), 'utf8'))),
  };
}

const registry = new ProcessorRegistry([
  defineProcessor({ type: 'mail', input: z.object({ to: z.string() }), run: async () => null }),
]);

describe('the inbox', () => {
  it('adds the job of a file and removes the file', async () => {
    const { inbox, drop, jobs, left, reasons } = setUp();
    drop('a job.json', { type: 'mail', data: { to: 'x' } });
    await inbox.scan();
    expect(await jobs()).toEqual([expect.objectContaining({ type: 'mail', data: { to: 'x' }, status: 'pending' })]);
    expect((await jobs())[0]?.id).toMatch(
      /^job_\d{4}-\d\d-\d\d_[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(left()).toEqual([]);
    expect(reasons()).toEqual([]);
  });

  it('takes every option of a job', async () => {
    const { inbox, clock, drop, jobs } = setUp();
    drop('1.json', {
      ...{
        id: 'own',
        type: 'mail',
        data: 1,
        priority: 2,
        attempts: 7,
        timeout: 500,
        key: 'k',
        tags: ['x'],
        delay: 1_000,
      },
      backoff: { type: 'fixed', delay: 10 },
    });
    drop('2.json', { type: 'mail', data: 2, dependsOn: ['own'], runAt: '2999-01-01T00:00:00+01:00', maxAttempts: 4 });
    await inbox.scan();
    const [first, second] = await jobs();
    expect(first).toMatchObject({
      ...{
        id: 'own',
        priority: 2,
        maxAttempts: 7,
        timeout: 500,
        key: 'k',
        tags: ['x'],
        backoff: { type: 'fixed', delay: 10 },
      },
      runAt: new Date(clock.now() + 1_000).toISOString(),
    });
    expect(second).toMatchObject({ dependsOn: ['own'], runAt: '2998-12-31T23:00:00.000Z', maxAttempts: 4 });
  });

  it('takes a full record as a new job', async () => {
    const { inbox, drop, jobs } = setUp();
    drop('old.json', {
      ...{
        id: 'job_2025-01-30_x',
        type: 'download',
        status: 'failed',
        priority: 5,
        data: {},
        attempt: 3,
        reason: 'error',
      },
      ...{ created: '2025-01-30T10:00:00Z', updated: '2025-01-30T10:00:00Z' },
      metadata: { retries: 3, progress: 50, logs: [], errors: [{ any: 'thing' }] },
    });
    await inbox.scan();
    expect(await jobs()).toEqual([
      expect.objectContaining({
        id: 'job_2025-01-30_x',
        status: 'pending',
        attempt: 0,
        metadata: expect.objectContaining({ retries: 0 }),
      }),
    ]);
  });

  it('adds a thousand files, in few calls', async () => {
    const { inbox, drop, jobs, left, engine } = setUp();
    let calls = 0;
    const add = engine.add.bind(engine);
    engine.add = (...args) => {
      calls++;
      return add(...args);
    };
    for (let i = 0; i < 1_000; i++) drop(`${i}.json`, { type: 'mail', data: i });
    await inbox.scan();
    expect((await jobs()).map((job) => job.data).sort()).toEqual(Array.from({ length: 1_000 }, (_, i) => i).sort());
    expect(left()).toEqual([]);
    expect(calls).toBeLessThan(10);
  });

  it.each([
    ['not-a-job.json', '[{"type":"mail","data":1}]', 'NOT_A_JOB', /list; put each job into a file of its own/],
    ['lines.ndjson', '{"type":"mail","data":1}\n', 'NOT_A_JOB_FILE', /NDJSON are not taken/],
    ['newer.json', { format: 9, type: 'mail', data: 1 }, 'NEWER_FORMAT', /format 9/],
    ['typo.json', { type: 'mail', data: 1, prioritty: 1 }, 'INVALID', /prioritty: is no field/],
    ['no-data.json', { type: 'mail' }, 'INVALID', /data: is missing/],
    ['no-type.json', { data: 1 }, 'INVALID', /type: is missing/],
    ['range.json', { type: 'mail', data: 1, priority: 0 }, 'INVALID', /priority: must be an integer/],
    ['when.json', { type: 'mail', data: 1, runAt: 'soon' }, 'INVALID', /runAt: must be a time in ISO 8601/],
    ['both.json', { type: 'mail', data: 1, runAt: '2025-01-30T10:00:00Z', delay: 1 }, 'INVALID', /delay: cannot stand/],
    ['twice.json', { type: 'mail', data: 1, attempts: 1, maxAttempts: 2 }, 'INVALID', /attempts: cannot stand/],
    ['id.json', { type: 'mail', data: 1, id: '../../etc/passwd' }, 'INVALID', /id: must be/],
    [
      'parent.json',
      { type: 'mail', data: 1, dependsOn: ['nobody'] },
      'INVALID',
      /dependsOn\[0\]: there is no job "nobody"/,
    ],
    ['self.json', { type: 'mail', data: 1, id: 'self', dependsOn: ['self'] }, 'CYCLE', /cycle/],
  ])('puts %s into quarantine, and takes the others', async (name, content, code, message) => {
    const { inbox, clock, drop, jobs, left, reasons, path } = setUp();
    drop(name, content);
    utimesSync(path(name), new Date(clock.now() - 5_000), new Date(clock.now() - 5_000));
    drop('good-1.json', { type: 'mail', data: 'good' });
    drop('z-good.json', { type: 'mail', data: 'good' });
    await inbox.scan();
    expect(reasons()).toEqual([
      expect.objectContaining({ code, message: expect.stringMatching(message), from: join('inbox', name) }),
    ]);
    expect((await jobs()).map(({ data }) => data)).toEqual(['good', 'good']);
    expect(left()).toEqual([]);
  });

  it('refuses unknown types and wrong data when it knows the processors', async () => {
    const { inbox, drop, jobs, reasons } = setUp({ validator: registry });
    drop('1.json', { type: 'fax', data: {} });
    drop('2.json', { type: 'mail', data: { to: 5 } });
    drop('3.json', { type: 'mail', data: { to: 'x' } });
    await inbox.scan();
    expect(reasons().map(({ code }) => code)).toEqual(['UNKNOWN_TYPE', 'INVALID']);
    expect(reasons()[0].message).toMatch(/"fax" \(known types: mail\)/);
    expect(reasons()[1].details).toEqual([{ path: ['data', 'to'], message: expect.any(String) }]);
    expect(await jobs()).toHaveLength(1);
  });

  it('takes any type while no processor is known', async () => {
    const { inbox, drop, jobs } = setUp({ validator: new ProcessorRegistry([]) });
    drop('1.json', { type: 'fax', data: {} });
    await inbox.scan();
    expect(await jobs()).toHaveLength(1);
  });

  it('lets jobs depend on each other when they are dropped together, and refuses only who is to blame', async () => {
    const { inbox, drop, jobs, reasons } = setUp();
    drop('1-child.json', { type: 'mail', data: 1, dependsOn: ['parent'] });
    drop('2-parent.json', { type: 'mail', data: 2, id: 'parent' });
    drop('3-orphan.json', { type: 'mail', data: 3, dependsOn: ['nobody'] });
    drop('4-of-orphan.json', { type: 'mail', data: 4, dependsOn: ['orphan'] });
    await inbox.scan();
    expect((await jobs()).map(({ data }) => data)).toEqual([1, 2]);
    expect(reasons().map(({ from }) => from)).toEqual([
      join('inbox', '3-orphan.json'),
      join('inbox', '4-of-orphan.json'),
    ]);
  });

  it('lets a job depend on one that is found much later', async () => {
    const { inbox, clock, drop, jobs, reasons } = setUp();
    for (let i = 0; i < 600; i++) drop(`m${i}.json`, { type: 'mail', data: i });
    drop('a-child.json', { type: 'mail', data: 'child', dependsOn: ['parent'] });
    drop('a-orphan.json', { type: 'mail', data: 'orphan', dependsOn: ['nobody'] });
    drop('z-parent.json', { type: 'mail', data: 'parent', id: 'parent' });
    await inbox.scan();
    await clock.advance(30);
    await inbox.scan();
    expect((await jobs()).filter(({ data }) => typeof data === 'string')).toHaveLength(2);
    expect(reasons().map(({ from }) => from)).toEqual([join('inbox', 'a-orphan.json')]);
  });

  it('gives a file that is not whole two seconds since its last change', async () => {
    const { inbox, clock, drop, jobs, left, reasons, path } = setUp();
    const touch = (): void => utimesSync(path('slow.json'), new Date(clock.now()), new Date(clock.now()));
    drop('slow.json', '{"type": "mail", ');
    touch();
    await inbox.scan();
    await clock.advance(1_500);
    drop('slow.json', '{"type": "mail", "data"');
    touch();
    await inbox.scan();
    await clock.advance(1_500);
    await inbox.scan();
    expect(left()).toEqual(['slow.json']);
    drop('slow.json', '{"type": "mail", "data": 1}');
    await inbox.scan();
    expect(await jobs()).toHaveLength(1);
    drop('never.json', '{"type": "mail", ');
    utimesSync(path('never.json'), new Date(clock.now()), new Date(clock.now()));
    await inbox.scan();
    await clock.advance(2_100);
    await inbox.scan();
    expect(reasons()).toEqual([expect.objectContaining({ code: 'TORN' })]);
    expect(left()).toEqual([]);
  });

  it('waits as long for a file whose time lies in the future', async () => {
    const { inbox, clock, drop, left, path } = setUp();
    drop('slow.json', '');
    utimesSync(path('slow.json'), new Date(clock.now() + 60_000), new Date(clock.now() + 60_000));
    await inbox.scan();
    expect(left()).toEqual(['slow.json']);
    await clock.advance(2_100);
    await inbox.scan();
    expect(left()).toEqual([]);
  });

  it('leaves working files of other programs alone', async () => {
    const { inbox, drop, left } = setUp();
    const names = ['.hidden.json', '.a.json.swp', 'a.json.tmp', 'a.json.part', 'a.json~'];
    for (const name of names) drop(name, '{');
    await inbox.scan();
    expect(left().sort()).toEqual([...names].sort());
  });

  it.skipIf(process.platform === 'win32')('follows no links, and puts away what is no file', async () => {
    const { inbox, clock, jobs, left, reasons, path } = setUp();
    const outside = join(tempDir(), 'secret.json');
    writeFileSync(outside, JSON.stringify({ type: 'mail', data: 'secret' }));
    symlinkSync(outside, path('link.json'));
    mkdirSync(path('folder.json'));
    await inbox.scan();
    await clock.advance(2_100);
    await inbox.scan();
    expect(await jobs()).toEqual([]);
    expect(left()).toEqual([]);
    expect(reasons().map(({ code }) => code)).toEqual(['NOT_A_FILE', 'NOT_A_FILE']);
    expect(existsSync(outside)).toBe(true);
  });
});

describe('a job in the inbox is added once', () => {
  it('when the process dies between the add and the removal of the file', async () => {
    const files = faultyFiles((call) => (call === 'unlinkSync' ? 'EIO' : undefined));
    const first = setUp({ files });
    first.drop('job.json', { type: 'mail', data: 1 });
    first.drop('keyed.json', { type: 'mail', data: 2, key: 'k' });
    await first.inbox.scan();
    expect(first.left().sort()).toEqual(['job.json', 'keyed.json']);
    expect(first.errors).toHaveLength(1);
    await first.inbox.stop();
    const second = setUp({ layout: first.layout, engine: first.engine });
    await second.inbox.scan();
    expect(await second.jobs()).toHaveLength(2);
    expect(second.left()).toEqual([]);
    expect(second.reasons()).toEqual([]);
  });

  it('and a file that says what becomes of its key is taken up by the job that holds it, once', async () => {
    const { inbox, drop, jobs, reasons, left } = setUp();
    drop('1.json', { type: 'mail', data: [1], key: 'k' });
    await inbox.scan();
    drop('2.json', { type: 'mail', data: [2], id: 'two', key: 'k', unique: 'merge' });
    await inbox.scan();
    drop('2.json', { type: 'mail', data: [2], id: 'two', key: 'k', unique: 'merge' });
    drop('3.json', { type: 'mail', data: [3], key: 'k', unique: { throttle: 1_000 } });
    await inbox.scan();
    expect((await jobs()).map(({ data }) => data)).toEqual([[1, 2]]);
    expect([left(), reasons()]).toEqual([[], []]);
  });

  it('and a file with the id or key of another job is kept with the reason', async () => {
    const { inbox, drop, jobs, reasons } = setUp();
    drop('1.json', { type: 'mail', data: 1, id: 'a', key: 'k' });
    await inbox.scan();
    drop('2.json', { type: 'mail', data: 2, id: 'a' });
    drop('3.json', { type: 'mail', data: 3, key: 'k' });
    await inbox.scan();
    expect((await jobs()).map(({ data }) => data)).toEqual([1]);
    expect(reasons().map(({ code, message }) => [code, message.slice(0, 40)])).toEqual([
      ['DUPLICATE', 'Job a holds this id or key already, so n'],
      ['DUPLICATE', 'Job a holds this id or key already, so n'],
    ]);
  });

  it('while two files of one name, one after the other, are two jobs', async () => {
    const { inbox, drop, jobs } = setUp();
    drop('job.json', { type: 'mail', data: 1 });
    await inbox.scan();
    drop('job.json', { type: 'mail', data: 2 });
    await inbox.scan();
    expect((await jobs()).map(({ data }) => data)).toEqual([1, 2]);
  });

  it('also when its writer adds a newline while it is being added', async () => {
    const { inbox, drop, engine, jobs, left, path } = setUp();
    const add = engine.add.bind(engine);
    engine.add = async (...args) => {
      if (existsSync(path('job.json'))) writeFileSync(path('job.json'), '{"type":"mail","data":1}\n');
      return add(...args);
    };
    drop('job.json', '{"type":"mail","data":1}');
    await inbox.scan();
    await inbox.scan();
    expect(await jobs()).toHaveLength(1);
    expect(left()).toEqual([]);
  });
});

describe('trouble in the inbox', () => {
  it('leaves the files while the store cannot write, and takes them later', async () => {
    const { inbox, clock, drop, engine, jobs, left, errors } = setUp();
    const add = engine.add.bind(engine);
    engine.add = async () => {
      throw new StoreWriteError('The disk is full.', null);
    };
    drop('1.json', { type: 'mail', data: 1 });
    await inbox.scan();
    expect(left()).toEqual(['1.json']);
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/disk is full/) })]);
    engine.add = add;
    await clock.advance(1_100);
    await inbox.scan();
    expect(await jobs()).toHaveLength(1);
  });

  it('reports a file that cannot be read and takes the others', async () => {
    const files = faultyFiles((call, [path]) =>
      call === 'openSync' && String(path).endsWith('bad.json') ? 'EACCES' : undefined,
    );
    const { inbox, drop, jobs, errors } = setUp({ files });
    drop('bad.json', { type: 'mail', data: 1 });
    drop('good.json', { type: 'mail', data: 2 });
    await inbox.scan();
    await inbox.scan();
    expect((await jobs()).map(({ data }) => data)).toEqual([2]);
    expect(errors).toHaveLength(1);
  });

  it('makes the folder again when it was removed', async () => {
    const { inbox, drop, jobs, layout } = setUp();
    await inbox.scan();
    rmSync(layout.inbox, { recursive: true });
    await inbox.scan();
    drop('1.json', { type: 'mail', data: 1 });
    await inbox.scan();
    expect(await jobs()).toHaveLength(1);
  });

  it('survives a validator that throws', async () => {
    const validator: JobValidator = {
      types: () => [],
      validate: async () => Promise.reject(new Error('broken schema')),
    };
    const { inbox, drop, left, errors } = setUp({ validator });
    drop('1.json', { type: 'mail', data: 1 });
    await inbox.scan();
    expect(left()).toEqual(['1.json']);
    expect(errors[0]?.message).toMatch(/broken schema/);
  });
});

import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job, StoreEvent } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { writeConfig } from '../src/testing/plugins';
import { writeProcessors } from '../src/testing/processors';
import { Piped, run, scratch } from './binary';

/** A jobs folder, and the command on it. */
function jobsFolder() {
  const folder = scratch();
  const root = join(folder, 'jobs');
  const processors = writeProcessors(folder);
  return {
    folder,
    root,
    processors,
    run: (...args: string[]) => run([...args, '--root', root], { folder }),
    start: (...args: string[]) => new Piped([...args, '--root', root], { folder }),
    feed: (input: string, ...args: string[]) => run([...args, '--root', root], { folder, input }),
  };
}

describe('the files', () => {
  it('keep the job from one command to the next, each in the folder of its state', async () => {
    const jobs = jobsFolder();
    const id = (await jobs.run('add', 'echo', 'text=hi', '--processors', jobs.processors)).out.trim();
    expect(readdirSync(join(jobs.root, 'pending'))).toEqual([`${id}.json`]);
    expect((await jobs.run('work', '--drain', '--processors', jobs.processors)).code).toBe(0);
    const file = join(jobs.root, 'completed', `${id}.json`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id, status: 'completed', result: { said: 'hi' } });
    expect((await jobs.run('clear', 'completed', '--yes')).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('are found through LEVIATHAN_HOME, and below the home folder without it', async () => {
    const folder = scratch();
    const env = { LEVIATHAN_HOME: join(folder, 'elsewhere') };
    await run(['add', 'x', '--any-type', '--id', 'there'], { folder, env });
    await run(['add', 'x', '--any-type', '--id', 'here'], { folder });
    expect(existsSync(join(folder, 'elsewhere', 'jobs', 'pending', 'there.json'))).toBe(true);
    expect(existsSync(join(folder, '.leviathan', 'jobs', 'pending', 'here.json'))).toBe(true);
    expect((await run(['list', '--json'], { folder, env })).out).toContain('"there"');
  });

  it('are where the configuration of a folder above says, and where --root does before that', async () => {
    const folder = scratch();
    writeConfig(folder, { root: './from-config', store: { durability: 'process' } });
    const below = join(folder, 'below');
    mkdirSync(below);
    const env = { LEVIATHAN_HOME: join(folder, 'home') };
    expect(await run(['add', 'greet', 'name=a', '--id', 'one'], { folder: below, env })).toMatchObject({
      code: 0,
      err: '',
    });
    await run(['add', 'greet', 'name=b', '--id', 'two', '--root', 'from-flag'], { folder: below, env });
    await run(['add', 'x', '--any-type', '--id', 'three', '--no-config'], { folder: below, env });
    expect(existsSync(join(folder, 'from-config', 'pending', 'one.json'))).toBe(true);
    expect(existsSync(join(below, 'from-flag', 'pending', 'two.json'))).toBe(true);
    expect(existsSync(join(folder, 'home', 'jobs', 'pending', 'three.json'))).toBe(true);
    const worked = await run(['work', '--drain'], { folder: below, env });
    expect(worked.code).toBe(0);
    const done = JSON.parse(readFileSync(join(folder, 'from-config', 'completed', 'one.json'), 'utf8'));
    expect(done).toMatchObject({ result: 'Hello a!', tags: ['by-plugin'] });
  });

  it('are not made by a command that only reads', async () => {
    const jobs = jobsFolder();
    for (const args of [
      ['list'],
      ['stats'],
      ['export'],
      ['show', 'nobody'],
      ['cancel', 'nobody'],
      ['clear', 'all', '--yes'],
      ['doctor'],
    ]) {
      await jobs.run(...args);
      expect({ args, exists: existsSync(jobs.root) }).toEqual({ args, exists: false });
    }
    expect(await jobs.run('list', '--json')).toMatchObject({ code: 0, out: '[]\n' });
  });
});

describe('every exit code', () => {
  it('0, 2, 3, 4, 5, 6 and 124, on one folder', async () => {
    const jobs = jobsFolder();
    const { processors } = jobs;
    const ok = await jobs.run('add', 'echo', 'text=hi', '--wait', '--processors', processors, '--id', 'good');
    expect(ok.code).toBe(0);
    expect((await jobs.run('add', 'nonsense')).code).toBe(2);
    expect((await jobs.run('show', '../../etc/passwd')).code).toBe(3);
    expect((await jobs.run('retry', 'good')).code).toBe(4);
    expect((await jobs.run('add', 'fail', '--wait', '--processors', processors, '--id', 'bad-one')).code).toBe(5);
    expect((await jobs.run('retry', 'good', 'bad-one')).code).toBe(6);
    expect((await jobs.run('wait', 'bad-one', '--timeout', '50ms')).code).toBe(124);
  });

  it('1 when the folder cannot be written', async () => {
    const folder = scratch();
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    const nobody = process.getuid?.() === 0 ? 65_534 : undefined;
    // Root may write anywhere, so the test is made as somebody else.
    if (nobody !== undefined) {
      chownSync(folder, nobody, nobody);
      chownSync(closed, nobody, nobody);
    }
    chmodSync(closed, 0o555);
    const ended = await run(['add', 'x', '--any-type', '--json', '--root', join(closed, 'jobs')], {
      folder,
      ...(nobody !== undefined && { uid: nobody }),
    });
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(JSON.parse(ended.err)).toMatchObject({ error: { code: 'NOT_WRITABLE' } });
  });

  it('2 when the root is a file', async () => {
    const folder = scratch();
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    for (const args of [['list'], ['add', 'x', '--any-type'], ['doctor']]) {
      expect((await run([...args, '--root', file], { folder })).code, args[0]).not.toBe(0);
    }
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('4 for a folder of a newer format, of which nothing is touched', async () => {
    const jobs = jobsFolder();
    await jobs.run('add', 'x', '--any-type');
    const file = join(jobs.root, 'store.json');
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), format: 999 });
    writeFileSync(file, newer);
    const { code, err } = await jobs.run('list', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'FORMAT' } });
    expect(readFileSync(file, 'utf8')).toBe(newer);
  });

  it('7 for a damaged journal', async () => {
    const jobs = jobsFolder();
    await jobs.feed('{"type":"x"}\n{"type":"x"}\n{"type":"x"}\n'.repeat(20), 'add', '--batch', '--any-type');
    // A hole in what was written last is as a power cut leaves it. What comes later shows that it was whole once.
    await jobs.run('add', 'x', '--any-type');
    const journal = join(jobs.root, 'journal');
    const segment = readdirSync(journal).find((name) => name.endsWith('.ndjson'));
    const path = join(journal, segment ?? '');
    const bytes = readFileSync(path);
    bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 40);
    writeFileSync(path, bytes);
    const { code, out } = await jobs.run('doctor', '--json');
    expect(code).toBe(7);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ severity: 'error' })]),
    });
  });
});

describe('beside a worker in another process', () => {
  it('adds, waits, lists, follows and cancels through it', async () => {
    const jobs = jobsFolder();
    const worker = jobs.start('work', '--processors', jobs.processors, '--name', 'owner');
    await worker.says('Ctrl-C ends it');
    const waited = await jobs.run('add', 'echo', 'text=hi', '--wait', '--json', '--processors', jobs.processors);
    expect(waited.code).toBe(0);
    expect(JSON.parse(waited.out)).toMatchObject({ status: 'completed', worker: 'owner' });

    const id = (await jobs.run('add', 'hang', '--processors', jobs.processors)).out.trim();
    const logs = jobs.start('logs', id, '-f');
    await logs.says('hanging');
    expect(JSON.parse((await jobs.run('list', '--status', 'active', '--json')).out)).toMatchObject([
      { id, worker: 'owner' },
    ]);
    expect((await jobs.run('cancel', id)).code).toBe(0);
    expect((await jobs.run('wait', id)).code).toBe(5);
    expect((await logs.done).code).toBe(0);
    expect(JSON.parse((await jobs.run('show', id, '--json')).out)).toMatchObject({ reason: 'cancelled' });

    worker.child.kill('SIGTERM');
    expect((await worker.done).code).toBe(0);
  });

  it('takes a batch from several processes at once', async () => {
    const jobs = jobsFolder();
    const batch = (name: string): string =>
      Array.from({ length: 50 }, (_, n) => `{"type":"echo","data":{"text":"${n}"},"id":"${name}-${n}"}`).join('\n');
    const worker = jobs.start('work', '--processors', jobs.processors);
    await worker.says('Ctrl-C ends it');
    const added = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        jobs.feed(batch(name), 'add', '--batch', '--wait', '--json', '--processors', jobs.processors),
      ),
    );
    for (const { code, out } of added) {
      expect(code).toBe(0);
      expect((JSON.parse(out) as Job[]).map(({ status }) => status)).toEqual(Array(50).fill('completed'));
    }
    worker.child.kill('SIGINT');
    expect((await worker.done).code).toBe(130);
  });

  it('watches what the worker does, as NDJSON', async () => {
    const jobs = jobsFolder();
    const watch = jobs.start('watch', '--json', '--kind', 'added,completed');
    await watch.says('Watching');
    await jobs.run('add', 'echo', 'text=hi', '--wait', '--processors', jobs.processors);
    await watch.says('"completed"');
    watch.child.kill('SIGINT');
    const { code, out } = await watch.done;
    expect(code).toBe(130);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as StoreEvent).kind),
    ).toEqual(['added', 'completed']);
  });

  it('goes on with the job itself when the worker is killed', async () => {
    const jobs = jobsFolder();
    const flag = join(jobs.folder, 'go');
    const module = join(jobs.folder, 'until.mjs');
    writeFileSync(
      module,
      `import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';
const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
export default { type: 'until', input: any, run: ({ input, signal }) => new Promise((resolve, reject) => {
  const watcher = watch(dirname(input.flag), look);
  function look() { if (existsSync(input.flag)) { watcher.close(); resolve('seen'); } }
  signal.addEventListener('abort', () => { watcher.close(); reject(signal.reason); });
  look();
}) };`,
    );
    const worker = jobs.start('work', '--processors', module, '--name', 'first');
    await worker.says('Ctrl-C ends it');
    const waiting = jobs.start('add', 'until', `flag=${flag}`, '--wait', '--json', '--processors', module);
    await waiting.says('started');
    worker.child.kill('SIGKILL');
    await waiting.says('ended while it ran this job');
    await waiting.says('started (attempt 2)');
    writeFileSync(flag, '');
    const { code, out } = await waiting.done;
    expect(code).toBe(0);
    const job = JSON.parse(out) as Job;
    expect(job).toMatchObject({ status: 'completed', result: 'seen', metadata: { crashes: 1 } });
    expect(job.worker).not.toBe('first');
  });
});

describe('a closed stdout', () => {
  it('ends a list quietly', async () => {
    const jobs = jobsFolder();
    const lines = Array.from({ length: 3000 }, (_, n) => `{"type":"x","data":{"n":${n}}}`).join('\n');
    expect((await jobs.feed(lines, 'add', '--batch', '--any-type')).code).toBe(0);
    const list = jobs.start('list', '--all', '--json');
    list.child.stdout?.once('data', () => list.child.stdout?.destroy());
    expect(await list.done).toMatchObject({ code: 0, err: '' });
  });

  it('ends a watch and a worker in order', async () => {
    const jobs = jobsFolder();
    const watch = jobs.start('watch', '--json');
    await watch.says('Watching');
    watch.child.stdout?.destroy();
    const worker = jobs.start('work', '--json', '--processors', jobs.processors);
    await worker.says('Ctrl-C ends it');
    worker.child.stdout?.destroy();
    await jobs.run('add', 'echo', 'text=hi', '--processors', jobs.processors);
    expect((await watch.done).code).toBe(0);
    expect((await worker.done).code).toBe(0);
  });
});

describe('Ctrl-C', () => {
  it('at any moment leaves a store that opens, and a job that is in it or is not', async () => {
    const jobs = jobsFolder();
    expect((await jobs.run('add', 'echo', 'text=0', '--processors', jobs.processors)).code).toBe(0);
    for (let delay = 0; delay <= 600; delay += 60) {
      const adding = jobs.start('add', 'hang', '--wait', '--processors', jobs.processors);
      const timer = setTimeout(() => adding.child.kill('SIGINT'), delay);
      const { code, signal } = await adding.done;
      clearTimeout(timer);
      // Before Node listens to it, the signal ends the process by itself.
      expect(code === 130 || signal === 'SIGINT', `after ${delay} ms: ${code} ${signal}`).toBe(true);
    }
    const list = JSON.parse((await jobs.run('list', '--all', '--json')).out) as Job[];
    expect(list.every(({ status }) => status === 'pending')).toBe(true);
    expect((await jobs.run('doctor')).code).toBe(0);
  });

  it('twice ends a worker at once, whatever its jobs do', async () => {
    const jobs = jobsFolder();
    const worker = jobs.start('work', '--grace', '1h', '--processors', jobs.processors);
    await worker.says('Ctrl-C ends it');
    await jobs.run('add', 'hang', '--id', 'hanging', '--processors', jobs.processors);
    await worker.says('started');
    worker.child.kill('SIGINT');
    await worker.says('Ctrl-C again ends at once');
    worker.child.kill('SIGINT');
    expect((await worker.done).code).toBe(130);
    // Its process died with the job: that was a crash, and the job is pending again.
    expect(JSON.parse((await jobs.run('show', 'hanging', '--json')).out)).toMatchObject({
      status: 'pending',
      metadata: { crashes: 1 },
    });
  });
});

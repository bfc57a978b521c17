import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFiles } from './files';
import { type FsStore, fsStore } from './fs-store';
import { recover } from './recovery';
import { eventually } from './testing/eventually';
import { tempDir } from './testing/temp-dir';

const HOUR = 3_600_000;
const HOURLY = { every: HOUR, job: { type: 'a', data: { of: 'hourly' } } };

async function open(root: string, clock: FakeClock): Promise<FsStore> {
  const store = fsStore({ root, clock, durability: 'process' });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** The slots of the jobs that there are, sorted. */
async function slotsOf(store: FsStore): Promise<string[]> {
  const { jobs } = await store.list({ limit: 1_000 });
  return jobs.map(({ tags }) => tags?.[1] ?? 'none').sort();
}

describe('a schedule as a file', () => {
  it('that a person wrote makes jobs, and stays as it was written', async () => {
    const root = join(tempDir(), 'jobs');
    const clock = new FakeClock();
    mkdirSync(join(root, 'schedules'), { recursive: true });
    const path = join(root, 'schedules', 'hourly.json');
    const text = JSON.stringify(HOURLY);
    writeFileSync(path, text);
    const store = await open(root, clock);
    await clock.advance(2 * HOUR);
    expect(await slotsOf(store)).toHaveLength(2);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('makes jobs whose files appear although nobody asks for anything', async () => {
    const root = join(tempDir(), 'jobs');
    const clock = new FakeClock();
    const store = fsStore({ root, clock, durability: 'power' });
    onTestFinished(() => store.close());
    await store.define([{ kind: 'schedule', name: 'hourly', value: HOURLY as Json }]);
    await clock.advance(HOUR);
    await eventually('the file is there', () => readdirSync(join(root, 'pending')).length === 1);
  });

  it('that is wrong goes to quarantine, with the reason', async () => {
    const root = join(tempDir(), 'jobs');
    mkdirSync(join(root, 'schedules'), { recursive: true });
    writeFileSync(
      join(root, 'schedules', 'odd.json'),
      JSON.stringify({ ...HOURLY, every: undefined, cron: '99 * * * *' }),
    );
    const store = await open(root, new FakeClock());
    const reasons = (): string[] =>
      existsSync(join(root, 'quarantine'))
        ? readdirSync(join(root, 'quarantine')).filter((name) => name.endsWith('.reason.json'))
        : [];
    await eventually('it is put aside', () => reasons().length === 1);
    const reason = readFileSync(join(root, 'quarantine', reasons()[0] as string), 'utf8');
    expect(reason).toMatch(/no valid schedule: cron: cannot be read/);
    expect(await store.definitions('schedule')).toEqual([]);
  });

  it('that was edited while no program had the store open fires as it says now', async () => {
    const root = join(tempDir(), 'jobs');
    const clock = new FakeClock();
    const store = await open(root, clock);
    for (const name of ['edited', 'removed']) await store.define([{ kind: 'schedule', name, value: HOURLY }]);
    await store.close();
    const edited = { ...HOURLY, job: { type: 'b', data: 'new' } };
    writeFileSync(join(root, 'schedules', 'edited.json'), JSON.stringify(edited));
    nodeFiles.unlinkSync(join(root, 'schedules', 'removed.json'));
    await clock.advance(1.5 * HOUR);
    const { jobs } = await (await open(root, clock)).list();
    expect(jobs).toMatchObject([{ type: 'b', data: 'new', tags: ['schedule:edited', expect.any(String)] }]);
  });
});

describe('after a crash at any byte', () => {
  it('a slot has its job, and is dealt with, or neither; it fires when the store opens, and never twice', async () => {
    const root = join(tempDir(), 'jobs');
    const clock = new FakeClock();
    const store = await open(root, clock);
    const values: Record<string, Json> = {
      plain: HOURLY,
      replaces: { ...HOURLY, overlap: 'replace', job: { type: 'b', data: null } },
      queues: { ...HOURLY, overlap: 'queue', job: { type: 'c', data: null } },
    };
    for (const [name, value] of Object.entries(values)) await store.define([{ kind: 'schedule', name, value }]);
    await clock.advance(HOUR);
    await store.claim({ worker: 'w', limit: 1, wait: false, types: { b: 1 } });
    await clock.advance(2 * HOUR);
    const whole = await slotsOf(store);
    expect(whole).toHaveLength(9);
    const journal = join(root, 'journal');
    const [segment = ''] = readdirSync(journal).filter((name) => name.endsWith('.ndjson'));
    const bytes = readFileSync(join(journal, segment));

    const copy = tempDir();
    let fired = 0;
    for (let end = 0; end <= bytes.length; end++) {
      // What a crash leaves between two records is the same wherever it cut the line.
      if (end % 9 !== 0 && bytes[end] !== 10 && bytes[end - 1] !== 10) continue;
      writeFileSync(join(copy, segment), bytes.subarray(0, end));
      const { table } = await recover(nodeFiles, copy, clock);
      for (const [name, { runs, job }] of table.schedules) {
        const made = [...table.entries.ascending()].filter(({ extra }) => extra?.tags?.[0] === `schedule:${name}`);
        expect(made.length, `${name}, cut at ${end}`).toBe(runs);
        expect(job, `${name}, cut at ${end}`).toBe(made.at(-1)?.id);
      }
      const total = [...table.schedules].reduce((sum, [, { runs }]) => sum + runs, 0);
      expect(total).toBeGreaterThanOrEqual(fired);
      fired = total;
    }
    expect(fired).toBe(9);

    // Opened by the next program, the store makes up for what was lost: the newest slot of each schedule, once.
    for (const share of [0.5, 0.7, 0.9, 1]) {
      const again = join(tempDir(), 'jobs');
      mkdirSync(join(again, 'journal'), { recursive: true });
      for (const folder of ['schedules', '.']) {
        mkdirSync(join(again, folder), { recursive: true });
        for (const file of readdirSync(join(root, folder)).filter(
          (name) => name.endsWith('.json') && name !== 'owner.json',
        ))
          copyFileSync(join(root, folder, file), join(again, folder, file));
      }
      writeFileSync(join(again, 'journal', segment), bytes.subarray(0, Math.floor(bytes.length * share)));
      const next = await open(again, clock);
      const slots = await slotsOf(next);
      const newest = whole.at(-1);
      expect(slots.filter((slot) => slot === newest)).toHaveLength(3);
      expect(new Set((await next.list({ limit: 100 })).jobs.map(({ id }) => id)).size).toBe(slots.length);
      await clock.advance(0);
      expect(await slotsOf(next)).toEqual(slots);
      await next.close();
    }
  });
});

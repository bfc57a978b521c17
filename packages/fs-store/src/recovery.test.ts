import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, StoreEvent } from '@leviathan/core';
import { FakeClock } from '@leviathan/core/testing';
import { describe, expect, it } from 'vitest';
import { LineDecoder } from './codec';
import { nodeFiles } from './files';
import { isLoss, type RecoveryFinding, recover } from './recovery';
import { headerLine, segmentName } from './segment';
import { writeSnapshot } from './snapshot-write';
import { type JournalHost, openHost, stateOf } from './testing/journal-host';
import { line } from './testing/lines';
import { tempDir } from './testing/temp-dir';

const SEGMENT = segmentName(1);

function recoverHere(dir: string) {
  return recover(nodeFiles, dir, new FakeClock());
}

/** A journal of jobs `j1`, `j2` …, one record each, and the host that wrote it, dead. */
async function journalOf(dir: string, jobs: number): Promise<JournalHost> {
  const host = await openHost(dir);
  for (let i = 1; i <= jobs; i++) await host.store.add([{ id: `j${i}`, type: 'a', data: { n: i } }]);
  await host.kill();
  return host;
}

function snapshot(dir: string, { table, bodies, clock, journal }: JournalHost) {
  const pause = async (): Promise<void> => {};
  return writeSnapshot({
    files: nodeFiles,
    dir,
    table,
    bodies,
    clock,
    tombstones: [],
    pause,
    synced: () => journal.sync(),
  });
}

/** The bytes of record `number` (0: the header) in the first segment. */
function placeOf(dir: string, number: number): { from: number; to: number } {
  const lines = new LineDecoder().push(readFileSync(join(dir, SEGMENT)));
  const { offset, length } = lines[number] as { offset: number; length: number };
  return { from: offset, to: offset + length };
}

/** The store opens, takes a job, runs it, and has it all again after the next opening. */
async function expectWorks(dir: string, jobs: string[]): Promise<void> {
  const host = await openHost(dir);
  expect([...host.table.entries.keys()].sort()).toEqual([...jobs].sort());
  await host.store.add([{ id: 'after', type: 'after', data: 'ok' }]);
  const [claimed] = await host.store.claim({ worker: 'w', limit: 1, types: { after: 1 }, wait: false });
  expect(claimed?.job).toMatchObject({ id: 'after', attempt: 1, data: 'ok' });
  const { id, token } = { id: 'after', token: claimed?.token as string };
  expect(await host.store.settle([{ id, token, outcome: 'completed', result: 1 }])).toMatchObject([{ accepted: true }]);
  const live = stateOf(host);
  await host.kill();
  const again = await openHost(dir);
  expect(stateOf(again)).toEqual(live);
  await again.kill();
}

describe('events for whoever comes back', () => {
  it('are kept from what the owner before wrote on, and not where there was none', async () => {
    const dir = tempDir();
    expect((await recoverHere(dir)).hub.active).toBe(false);
    await journalOf(dir, 2);
    const { hub } = await recoverHere(dir);
    const heard: string[] = [];
    hub.subscribe({ since: 1 }, (events) => heard.push(...events.map(({ kind, id }) => `${kind} ${id}`)), 2);
    await Promise.resolve();
    expect(heard).toEqual(['added j2']);
  });
});

describe('what is wrong with a journal', () => {
  interface Case {
    damage: (dir: string) => void;
    finding: Partial<RecoveryFinding>[];
    /** Jobs of five that are still there. */
    jobs: string[];
    loss: boolean;
  }
  const all = ['j1', 'j2', 'j3', 'j4', 'j5'];
  const CASES: Record<string, Case> = {
    'a torn end': {
      damage: (dir) => truncateSync(join(dir, SEGMENT), placeOf(dir, 5).to - 3),
      finding: [{ kind: 'torn-tail', file: SEGMENT }],
      jobs: all.slice(0, 4),
      loss: false,
    },
    'an end of zeros': {
      damage: (dir) => appendFileSync(join(dir, SEGMENT), Buffer.alloc(5_000)),
      finding: [{ kind: 'torn-tail' }],
      jobs: all,
      loss: false,
    },
    'a batch without its end': {
      damage: (dir) =>
        appendFileSync(join(dir, SEGMENT), line(6, { more: 1, op: 'remove', id: 'j1', why: 'removed' }).lines),
      finding: [{ kind: 'incomplete-batch' }],
      jobs: all,
      loss: false,
    },
    'a flipped bit in the middle': {
      damage: (dir) => {
        const bytes = readFileSync(join(dir, SEGMENT));
        const at = placeOf(dir, 3).from + 20;
        bytes[at] = (bytes[at] as number) ^ 1;
        writeFileSync(join(dir, SEGMENT), bytes);
      },
      finding: [{ kind: 'corrupt' }, { kind: 'missing' }],
      jobs: ['j1', 'j2', 'j4', 'j5'],
      loss: true,
    },
    'a record cut out': {
      damage: (dir) => {
        const bytes = readFileSync(join(dir, SEGMENT));
        const { from, to } = placeOf(dir, 2);
        writeFileSync(join(dir, SEGMENT), Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
      },
      finding: [{ kind: 'missing' }],
      jobs: ['j1', 'j3', 'j4', 'j5'],
      loss: true,
    },
    'records that come twice': {
      damage: (dir) => {
        const bytes = readFileSync(join(dir, SEGMENT));
        appendFileSync(join(dir, SEGMENT), bytes.subarray(placeOf(dir, 4).from));
      },
      finding: [{ kind: 'duplicate' }],
      jobs: all,
      loss: true,
    },
    'no header': {
      damage: (dir) => {
        const bytes = readFileSync(join(dir, SEGMENT));
        writeFileSync(join(dir, SEGMENT), bytes.subarray(placeOf(dir, 1).from));
      },
      finding: [{ kind: 'bad-header' }],
      jobs: all,
      loss: true,
    },
    'a segment that is gone': {
      damage: (dir) => {
        const bytes = readFileSync(join(dir, SEGMENT));
        const { from } = placeOf(dir, 4);
        writeFileSync(
          join(dir, segmentName(4)),
          Buffer.concat([headerLine({ first: 4, epoch: 1, at: 0, sealed: true }), bytes.subarray(from)]),
        );
        truncateSync(join(dir, SEGMENT), placeOf(dir, 2).to);
      },
      finding: [{ kind: 'missing', file: segmentName(4) }],
      jobs: ['j1', 'j2', 'j4', 'j5'],
      loss: true,
    },
    'a compressed segment that does not unpack': {
      damage: (dir) => writeFileSync(join(dir, `${segmentName(6)}.gz`), 'no gzip'),
      finding: [{ kind: 'unreadable', file: segmentName(6) }],
      jobs: all,
      loss: true,
    },
  };

  it.each(Object.keys(CASES))('%s: it is told, and the store opens and goes on', async (name) => {
    const { damage, finding, jobs, loss } = CASES[name] as Case;
    const dir = tempDir();
    await journalOf(dir, 5);
    damage(dir);
    const { findings } = await recoverHere(dir);
    for (const part of finding) expect(findings).toContainEqual(expect.objectContaining(part));
    expect(findings.some(isLoss)).toBe(loss);
    for (const { from, to, message } of findings) {
      expect(from).toBeLessThanOrEqual(to);
      expect(message).not.toBe('');
    }
    await expectWorks(dir, jobs);
  });

  it('changes nothing by reading', async () => {
    const dir = tempDir();
    await journalOf(dir, 3);
    appendFileSync(join(dir, SEGMENT), 'torn');
    const tree = () =>
      readdirSync(dir).map((name) => [
        name,
        readFileSync(join(dir, name), 'latin1'),
        statSync(join(dir, name)).mtimeMs,
      ]);
    const before = tree();
    await recoverHere(dir);
    expect(tree()).toEqual(before);
  });

  it('of a newer version stops it before anything is touched', async () => {
    const dir = tempDir();
    const header = line(0, { op: 'segment', format: 2, first: 1, epoch: 1 });
    writeFileSync(join(dir, SEGMENT), header.lines);
    await expect(recoverHere(dir)).rejects.toMatchObject({ code: 'FORMAT' });
    expect(readFileSync(join(dir, SEGMENT))).toEqual(header.lines);
  });
});

describe('a record that cannot be understood', () => {
  const job = { id: 'x', type: 'a', priority: 5, maxAttempts: 3, maxCrashes: 3 };
  const RECORDS: Record<string, [fields: Record<string, Json>, body?: string]> = {
    'of an unknown op': [{ op: 'riddle', id: 'j1' }],
    'without an op': [{}],
    'without a time': [{ op: 'remove', id: 'j1', at: 'noon' }],
    'that adds nothing': [{ op: 'add' }, '1'],
    'that adds a job without a priority': [{ op: 'add', job: { ...job, priority: null } }, '1'],
    'that adds a job without data': [{ op: 'add', job }],
    'that adds a job whose id leaves the root': [{ op: 'add', job: { ...job, id: '../../x' } }, '1'],
    'about no job': [{ op: 'start', worker: 'w' }],
    'that starts a job for nobody': [{ op: 'start', id: 'j1' }],
    'of a worker without a process': [{ op: 'worker', worker: 'w' }],
    'that edits without a patch': [{ op: 'edit', id: 'j1' }],
    'with a checkpoint that is no JSON': [{ op: 'checkpoint', id: 'j1' }, '{'],
    'with children that are none': [{ op: 'await', id: 'j1', name: 'parts', children: [1] }, ''],
    'with a step that has no name': [{ op: 'step', id: 'j1' }, '1'],
    'with a step that is no JSON': [{ op: 'step', id: 'j1', name: 's' }, '{'],
    'with log lines that are none': [{ op: 'report', id: 'j1', logs: 'all is well' }],
  };

  it.each(Object.keys(RECORDS))('%s is told and left out; what comes behind it counts', async (name) => {
    const [fields, body] = RECORDS[name] as [Record<string, Json>, string?];
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'j1', type: 'a', data: 1 }]);
    host.journal.append(line(2, fields, body));
    host.journal.append(line(3, { op: 'add', job: { ...job, id: 'behind' } }, '1'));
    await host.kill();
    const { findings, table } = await recoverHere(dir);
    expect(findings).toMatchObject([{ kind: 'record', file: SEGMENT }]);
    const { from, to } = findings[0] as RecoveryFinding;
    expect({ from, to }).toEqual(placeOf(dir, 2));
    expect(table.entries.get('j1')?.status).toBe('pending');
    await expectWorks(dir, ['j1', 'behind']);
  });
});

describe('a record that does not fit', () => {
  const RECORDS: Record<string, Record<string, Json>> = {
    'completes a job that nobody started': { op: 'complete', id: 'j1' },
    'retries a pending job': { op: 'retry', id: 'j1', cause: 'manual' },
    'releases a pending job': { op: 'release', id: 'j1' },
    'is about a job that is not there': { op: 'start', id: 'nobody', worker: 'w' },
    'removes a job that is not there': { op: 'remove', id: 'nobody', why: 'removed' },
    'adds a job that is there': {
      op: 'add',
      job: { id: 'j1', type: 'other', priority: 1, maxAttempts: 1, maxCrashes: 1 },
    },
  };

  it.each(Object.keys(RECORDS))('because it %s is told as history and changes nothing', async (name) => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add([{ id: 'j1', type: 'a', data: 1 }]);
    host.journal.append(line(2, RECORDS[name] as Record<string, Json>, name.startsWith('adds') ? '1' : ''));
    const live = stateOf(host) as { jobs: unknown };
    await host.kill();
    const { findings } = await recoverHere(dir);
    expect(findings).toMatchObject([{ kind: 'history', file: SEGMENT, message: expect.stringContaining('record 2') }]);
    expect(findings.every(isLoss)).toBe(true);
    const again = await openHost(dir);
    expect(stateOf(again)).toMatchObject({ jobs: live.jobs });
    await again.kill();
    await expectWorks(dir, ['j1']);
  });
});

describe('recovery', () => {
  it('of an empty folder is an empty store', async () => {
    const { table, findings, end, snapshot: start } = await recoverHere(tempDir());
    expect({ size: table.size, findings, end, start }).toEqual({
      size: 0,
      findings: [],
      end: { next: 1, epoch: 0, tail: null, givenUp: [] },
      start: undefined,
    });
  });

  it('reads compressed segments, and the texts in them', async () => {
    const dir = tempDir();
    const host = await openHost(dir, { segmentBytes: 2_000 });
    for (let i = 0; i < 30; i++) await host.store.add([{ id: `j${i}`, type: 'a', data: { text: 'x'.repeat(200), i } }]);
    const [claimed] = await host.store.claim({ worker: 'w', limit: 1, wait: false });
    const { id, token } = { id: claimed?.job.id as string, token: claimed?.token as string };
    await host.store.settle([{ id, token, outcome: 'completed', result: { fine: true } }]);
    const live = stateOf(host);
    await host.journal.compress({ before: host.journal.next });
    await host.kill();
    expect(readdirSync(dir).filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(3);
    const again = await openHost(dir, { memoryBytes: 0 });
    expect(again.recovered.findings).toEqual([]);
    expect(stateOf(again)).toEqual(live);
  });

  it('remembers which jobs were removed, and forgets those that were added again', async () => {
    const dir = tempDir();
    const host = await journalOf(dir, 0);
    const live = await openHost(dir);
    await live.store.add(['a', 'b', 'c'].map((id) => ({ id, type: 't', data: 1 })));
    await live.store.change({ change: { action: 'remove' }, target: { ids: ['a', 'b'] } });
    await live.store.add([{ id: 'b', type: 't', data: 2 }]);
    await live.kill();
    expect(host.table.size).toBe(0);
    expect([...(await recoverHere(dir)).tombstones]).toEqual(['a']);
  });

  it('numbers new records above those that a snapshot has seen, when the end of the journal is lost', async () => {
    const dir = tempDir();
    const host = await journalOf(dir, 3);
    const live = await openHost(dir);
    await live.store.change({ change: { action: 'reprioritise', priority: 2 }, target: { ids: ['j1', 'j2', 'j3'] } });
    await snapshot(dir, live);
    await live.kill();
    // A power cut: the snapshot reached the disk, the records that it shows did not.
    truncateSync(join(dir, SEGMENT), placeOf(dir, 4).to);
    const { table, end, findings } = await recoverHere(dir);
    expect(table.seq).toBe(6);
    expect(end).toMatchObject({ next: 7, tail: null });
    expect(host.table.seq).toBe(3);
    expect(findings.filter(isLoss)).toEqual([]);

    // A fuzzy one, whose records from 5 to 6 were given up as well.
    const name = readdirSync(dir).find((file) => file.startsWith('snapshot')) as string;
    const text = readFileSync(join(dir, name));
    const body = text.subarray(text.indexOf('\n') + 1);
    const header = line(0, { op: 'snapshot', format: 1, from: 3, paused: { all: false, types: [] } }).lines;
    writeFileSync(join(dir, 'snapshot-0000000000000003.ndjson'), Buffer.concat([header, body]));
    truncateSync(join(dir, name), 0);
    const fuzzy = await recoverHere(dir);
    expect(fuzzy.end).toMatchObject({ next: 7, tail: null });
    expect(fuzzy.findings).toMatchObject([{ kind: 'snapshot' }, { kind: 'missing' }]);
    await expectWorks(dir, ['j1', 'j2', 'j3']);
  });
});

describe('events from before a restart', () => {
  /** What a subscriber is told that saw everything up to `since`. */
  async function eventsSince(
    { store, clock }: JournalHost,
    since: number,
  ): Promise<Pick<StoreEvent, 'seq' | 'kind' | 'id'>[]> {
    const told: Pick<StoreEvent, 'seq' | 'kind' | 'id'>[] = [];
    await store.subscribe({ since }, (events) =>
      told.push(...events.map(({ seq, kind, id }) => (id === undefined ? { seq, kind } : { seq, kind, id }))),
    );
    await clock.settle();
    return told;
  }

  it('are told again, each once and in order', async () => {
    const dir = tempDir();
    await journalOf(dir, 3);
    const host = await openHost(dir);
    await host.store.claim({ worker: 'w', limit: 1, wait: false });
    expect(await eventsSince(host, 1)).toEqual([
      { seq: 2, kind: 'added', id: 'j2' },
      { seq: 3, kind: 'added', id: 'j3' },
      { seq: 4, kind: 'started', id: 'j1' },
    ]);
    expect(await eventsSince(host, 4)).toEqual([]);
    expect(await eventsSince(host, 99)).toEqual([{ seq: 4, kind: 'reset' }]);
  });

  it('that a snapshot has swallowed make the subscriber read the state again', async () => {
    const dir = tempDir();
    const host = await openHost(dir);
    await host.store.add(Array.from({ length: 600 }, (_, i) => ({ id: `j${i}`, type: 'a', data: i })));
    const { table, bodies, clock } = host;
    let added = 0;
    const info = await writeSnapshot({
      ...{ files: nodeFiles, dir, table, bodies, clock, tombstones: [] },
      synced: async () => {},
      pause: async () => {
        if (added++ === 0) await host.store.add([{ id: 'meanwhile', type: 'a', data: 1 }]);
      },
    });
    expect(info).toMatchObject({ from: 600, to: 601, jobs: 601 });
    await host.store.add([{ id: 'later', type: 'a', data: 1 }]);
    await host.kill();
    const again = await openHost(dir);
    // Record 601 is in the snapshot already: that it happened cannot be told any more.
    expect(await eventsSince(again, 600)).toEqual([{ seq: 602, kind: 'reset' }]);
    expect(await eventsSince(again, 601)).toEqual([{ seq: 602, kind: 'added', id: 'later' }]);
  });

  it('of which some are lost make the subscriber read the state again', async () => {
    const dir = tempDir();
    await journalOf(dir, 5);
    const bytes = readFileSync(join(dir, SEGMENT));
    const { from, to } = placeOf(dir, 3);
    writeFileSync(join(dir, SEGMENT), Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]));
    const host = await openHost(dir);
    expect(await eventsSince(host, 2)).toEqual([{ seq: 5, kind: 'reset' }]);
    expect(await eventsSince(host, 5)).toEqual([]);
  });
});

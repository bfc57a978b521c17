import type { StoreRecord } from '@leviathan/core/engine';
import { describe, expect, it } from 'vitest';
import { bodyOf, type Line, LineDecoder, LineEncoder } from './codec';
import { RecordEncoder } from './record-encoder';
import { bodyText, keepsBody, metaOf, recordOf } from './record-line';

const at = 1_738_238_400_123;
const error = {
  at: '2025-01-30T12:00:00.000Z',
  attempt: 1,
  name: 'Error',
  message: 'tab\there,\nnew "line"',
  code: 'E',
};
const job = { id: 'j-1', type: 'mail', priority: 5, maxAttempts: 3, maxCrashes: 3 };

/** At least one of each op, and each optional field at least once. */
const RECORDS: StoreRecord[] = [
  { seq: 1, at, op: 'add', job, body: '{"to":"ünï\\u0000"}' },
  {
    ...{ seq: 2, at, more: 1, op: 'add', body: 'null', result: '{"size":1}' },
    job: {
      ...{
        ...job,
        runAt: 5,
        timeout: 6,
        dependsOn: ['a'],
        key: 'k\t"',
        tags: ['ü'],
        trace: { traceparent: '00-1-2-01' },
        status: 'completed',
        created: 1,
      },
      ...{ backoff: { type: 'exponential', delay: 1 }, updated: 2, rev: 3, order: -4.5, attempt: 1, retries: 2 },
      run: { token: 3, errors: [error], checkpoint: { at: 1 }, progress: 12.5 },
    },
  },
  { seq: 3, at, op: 'start', id: 'j-1', worker: 'host "ü"\n1' },
  { seq: 4, at, more: 1, op: 'start', id: 'j-1', worker: 'w' },
  { seq: 5, at, op: 'complete', id: 'j-1', body: '' },
  { seq: 6, at, op: 'complete', id: 'j-1', body: '[1,"\\n"]' },
  { seq: 7, at, op: 'retry', id: 'j-1', cause: 'failed', error, runAt: at + 1 },
  { seq: 8, at, op: 'retry', id: 'j-1', cause: 'manual', by: 'folder' },
  { seq: 9, at, op: 'fail', id: 'j-1', reason: 'crashed', error, crashed: true, taken: true, by: 'ann' },
  { seq: 30, at, op: 'fail', id: 'j-1', reason: 'dependency', error, parent: 'j-0' },
  { seq: 10, at, op: 'release', id: 'j-1' },
  { seq: 11, at, op: 'release', id: 'j-1', taken: true },
  { seq: 31, at, op: 'release', id: 'j-1', runAt: at + 1 },
  {
    ...{ seq: 12, at, op: 'report', id: 'j-1', progress: 50, detail: { bytes: 1 }, stuck: true },
    logs: [{ at: error.at, level: 'warn', message: 'a\tb', fields: [1] }],
  },
  { seq: 13, at, op: 'checkpoint', id: 'j-1', body: '{"page":7}' },
  { seq: 27, at, op: 'step', id: 'j-1', name: 'ü\t"', body: '[1]' },
  { seq: 28, at, op: 'step', id: 'j-1', name: 'two', body: '' },
  { seq: 29, at, op: 'await', id: 'j-1', name: 'parts', children: ['a', 'b'], onChildFailed: 'fail' },
  { seq: 30, at, op: 'skip', id: 'j-1' },
  { seq: 14, at, op: 'cancel', id: 'j-1', by: 'ann' },
  { seq: 15, at, op: 'edit', id: 'j-1', patch: { priority: 1, runAt: null, timeout: null, tags: [] }, body: '' },
  { seq: 16, at, op: 'edit', id: 'j-1', patch: {}, body: '"new"', by: 'ann' },
  {
    ...{ seq: 27, at, operation: 26, op: 'restore', id: 'j-1', by: 'ann', body: '"old"' },
    job: {
      status: 'failed',
      priority: 2,
      order: 1.5,
      maxAttempts: 3,
      reason: 'error',
      finished: at,
      tags: ['x'],
      errors: [error],
    },
  },
  {
    seq: 28,
    at,
    op: 'restore',
    id: 'j-1',
    job: { status: 'pending', priority: 2, order: 1, maxAttempts: 3 },
    body: '',
  },
  { seq: 29, at, operation: 29, op: 'remove', id: 'j-1', why: 'removed' },
  { seq: 17, at, op: 'remove', id: 'j-1', why: 'archived' },
  { seq: 26, at, op: 'skip', id: 'j-1', parent: 'j-0' },
  { seq: 22, at, op: 'remove', id: 'j-1', why: 'archived', by: 'ann' },
  { seq: 23, at, op: 'remove', id: 'j-1', why: 'removed' },
  { seq: 24, at, op: 'add', job: { ...job, id: 'j-2', type: 'ünï "\t' }, body: '"ü"' },
  { seq: 25, at: at + 1, more: 1, op: 'add', job: { ...job, id: 'j-3', runAt: at }, body: '1' },
  { seq: Number.MAX_SAFE_INTEGER, at, more: 1, op: 'complete', id: 'j-1', body: '' },
  { seq: 18, at, op: 'refuse', id: 'j-1', token: '3', outcome: 'completed' },
  { seq: 19, at, op: 'pause', paused: true },
  { seq: 20, at, more: 1, op: 'pause', paused: false, type: 'mail', by: 'ann' },
  { seq: 21, at, op: 'worker', worker: 'w', instance: '0190-uuid' },
  { seq: 27, at, op: 'define', kind: 'limit', name: 'two', body: '{"concurrency":2}', by: 'ann' },
  { seq: 28, at, op: 'define', kind: 'limit', name: 'two', body: '' },
  { seq: 29, at, op: 'fire', schedule: 'nightly', slot: at, from: 5, job: 'sched-nightly-x' },
  { seq: 30, at, op: 'fire', schedule: 'nightly', slot: at + 1, skipped: 'overlap' },
];

function written(record: StoreRecord): Line {
  const encoder = new LineEncoder();
  encoder.add(metaOf(record), bodyText(record));
  const [line] = new LineDecoder().push(encoder.take());
  return line as Line;
}

/** As the journal writes them: in one batch, whatever came before. */
function encoded(records: readonly StoreRecord[], synced?: number): { line: Line; body: string }[] {
  const encoder = new RecordEncoder();
  const places = records.map((record, i) => {
    encoder.add(record, i === 0 ? synced : undefined);
    return { start: encoder.bodyStart, end: encoder.bodyStart + encoder.bodyLength };
  });
  const bytes = Buffer.from(encoder.bytes());
  const lines = new LineDecoder().push(bytes) as Line[];
  return lines.map((line, i) => ({ line, body: bytes.toString('utf8', places[i]?.start, places[i]?.end) }));
}

describe('a record', () => {
  it.each(RECORDS)('$op ($seq) comes back from its line as it was', (record) => {
    const line = written(record);
    expect(recordOf(line.meta, bodyOf(line))).toEqual(record);
  });

  it('comes back from the bytes of a batch, its body at its place', () => {
    const shuffled = [...RECORDS, ...RECORDS.toReversed(), ...RECORDS];
    const lines = encoded(shuffled);
    expect(lines.map(({ line }) => recordOf(line.meta, bodyOf(line)))).toEqual(shuffled);
    expect(lines.map(({ body }) => body)).toEqual(shuffled.map(bodyText));
  });

  it.each(RECORDS)('$op ($seq) is the same bytes however it is written', (record) => {
    const [line] = encoded([record]).map(({ line }) => line.source);
    expect(line?.toString()).toBe(written(record).source.toString());
  });

  it('says what is on the device in its first line alone', () => {
    const lines = encoded(RECORDS.slice(2, 4), 17);
    expect(lines.map(({ line }) => line.meta.synced)).toEqual([17, undefined]);
  });

  it('is refused when its body holds a raw newline', () => {
    const encoder = new RecordEncoder();
    encoder.add(RECORDS[4] as StoreRecord);
    const before = Buffer.from(encoder.bytes());
    expect(() => encoder.add({ seq: 1, at, op: 'complete', id: 'j-1', body: '"\n"' })).toThrow(TypeError);
    expect(encoder.bytes()).toEqual(before);
  });

  it('of every op is among those tried', () => {
    const ops: Record<StoreRecord['op'], true> = {
      ...{ add: true, start: true, complete: true, retry: true, fail: true, release: true, report: true },
      ...{
        skip: true,
        checkpoint: true,
        step: true,
        await: true,
        cancel: true,
        edit: true,
        restore: true,
        remove: true,
        refuse: true,
        pause: true,
        worker: true,
        define: true,
        fire: true,
      },
    };
    expect([...new Set(RECORDS.map(({ op }) => op))].sort()).toEqual(Object.keys(ops).sort());
  });

  it('begins with its number, its time and its op, for readers of the file', () => {
    for (const record of RECORDS) {
      const more = record.more ? ',"more":1' : '';
      expect(metaOf(record).startsWith(`{"seq":${record.seq},"at":${record.at}${more},"op":"${record.op}"`)).toBe(true);
      expect(JSON.parse(metaOf(record)).body).toBeUndefined();
    }
  });

  it('has a text that is read from its place later only when there is one', () => {
    expect(RECORDS.filter(keepsBody).map(({ seq }) => seq)).toEqual([1, 2, 6, 16, 27, 24, 25]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf } from './entry';
import { headTextOf } from './head-text';
import { jobOf } from './job-of';
import { JobTable } from './job-table';
import { jobTextOf } from './job-text';
import type { RecordDraft, StoreRecord } from './records';

const bodies = {
  read: (): string => {
    throw new Error('All bodies are in memory.');
  },
};

const json = fc.jsonValue().map((value) => JSON.stringify(value));
const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const error = fc.record({ at: fc.constant('2026-01-01T00:00:00.000Z'), attempt: fc.nat(3), name: text, message: text });

const head = fc.record(
  {
    id: fc.constant('j'),
    type: text,
    priority: fc.integer({ min: 1, max: 10 }),
    maxAttempts: fc.constant(3),
    maxCrashes: fc.constant(3),
    runAt: fc.integer({ min: 0, max: 4e12 }),
    timeout: fc.nat(),
    retryFor: fc.nat(),
    onCrash: fc.constant('hold' as const),
    deadLetter: text,
    deadLetterOf: fc.record({ id: text, type: text, reason: fc.constant('error' as const) }),
    expiresAt: fc.nat(),
    ageing: fc.nat(),
    agedAt: fc.nat(),
    backoff: fc.record({ type: fc.constant('fixed' as const), delay: fc.nat() }),
    dependsOn: fc.array(text, { minLength: 1, maxLength: 2 }),
    key: text,
    parent: text,
    tags: fc.array(text, { minLength: 1, maxLength: 3 }),
    order: fc.double({ noNaN: true, noDefaultInfinity: true }),
  },
  { requiredKeys: ['id', 'type', 'priority', 'maxAttempts', 'maxCrashes'] },
);

const later = fc.oneof(
  text.map((worker): RecordDraft => ({ op: 'start', id: 'j', worker })),
  json.map((body): RecordDraft => ({ op: 'complete', id: 'j', body })),
  error.map((one): RecordDraft => ({ op: 'retry', id: 'j', cause: 'failed', error: one, runAt: 5_000 })),
  error.map((one): RecordDraft => ({ op: 'retry', id: 'j', cause: 'crashed', error: one, held: true })),
  error.map((one): RecordDraft => ({ op: 'fail', id: 'j', reason: 'timeout', error: one, crashed: true })),
  fc.constant<RecordDraft>({ op: 'release', id: 'j' }),
  fc.jsonValue().map((detail): RecordDraft => ({ op: 'report', id: 'j', progress: 12.5, detail: detail as never })),
  fc.constant<RecordDraft>({
    op: 'report',
    id: 'j',
    stuck: true,
    logs: [{ at: '', level: 'info', message: '\u2028"' }],
  }),
  json.map((body): RecordDraft => ({ op: 'checkpoint', id: 'j', body })),
  text.map((name): RecordDraft => ({ op: 'await', id: 'j', name, children: ['x', 'y'], onChildFailed: 'fail' })),
  json.map((body): RecordDraft => ({ op: 'step', id: 'j', name: '"', body })),
  fc.constant<RecordDraft>({ op: 'cancel', id: 'j' }),
  json.map((body): RecordDraft => ({ op: 'edit', id: 'j', patch: { priority: 2 }, body })),
);

describe('jobTextOf and headTextOf', () => {
  it('are the texts of the job and of its head, whatever happened to it', () => {
    fc.assert(
      fc.property(head, json, fc.array(later, { maxLength: 6 }), fc.option(fc.integer()), (job, body, drafts, live) => {
        const table = new JobTable();
        const play = (draft: RecordDraft, i: number): boolean =>
          table.apply({ ...draft, seq: i + 1, at: 1.7e12 + i } as StoreRecord);
        [{ op: 'add', job, body } as RecordDraft, ...drafts].forEach(play);
        const entry = table.entries.get('j');
        if (!entry) throw new Error('the job is there');
        if (entry.run && live !== null)
          entry.run.live = { progress: 3, logs: [{ at: '', level: 'warn', message: 'x' }] };
        expect(jobTextOf(entry, bodies)).toBe(JSON.stringify(jobOf(entry, bodies)));
        expect(JSON.parse(headTextOf(entry))).toEqual(JSON.parse(JSON.stringify(headOf(entry))));
      }),
      { numRuns: 500 },
    );
  });
});

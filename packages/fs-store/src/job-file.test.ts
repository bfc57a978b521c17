import { JOB_KEYS, type Job } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { mayBecomeWhole, parseJobFile, serialiseJob } from './job-file';

const NOW = Date.parse('2025-01-30T12:00:00Z');

const full: Job = {
  reason: 'error',
  result: null,
  cancelling: true,
  skipped: false,
  worker: 'w-1',
  finished: '2025-01-30T10:00:02.000Z',
  started: '2025-01-30T10:00:01.000Z',
  tags: ['nightly'],
  trace: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' },
  key: 'one-at-a-time',
  group: 'a.example',
  needs: { cpu: 1 },
  dependsOn: ['parent'],
  onParentFailed: 'fail',
  parent: 'whole',
  children: [{ name: 'parts', ids: ['part-1', 'part-2'], onChildFailed: 'continue' }],
  timeout: 1_000,
  retryFor: 60_000,
  onCrash: 'hold',
  held: false,
  deadLetter: 'dead',
  deadLetterOf: { id: 'job-0', type: 'download', reason: 'error' },
  expiresAt: '2999-01-01T00:00:00.000Z',
  ageing: 3_600_000,
  agedAt: '2025-01-30T10:00:00.000Z',
  backoff: { type: 'exponential', delay: 100, factor: 2 },
  maxCrashes: 2,
  maxAttempts: 4,
  attempt: 1,
  runAt: '2025-01-30T11:00:00.000Z',
  order: 3.5,
  rev: 7,
  metadata: {
    retries: 1,
    progress: 50,
    detail: { bytes: 1 },
    logs: [{ at: '2025-01-30T10:00:01.000Z', level: 'info', message: 'hello', fields: { a: 1 } }],
    errors: [{ at: '2025-01-30T10:00:01.000Z', attempt: 1, name: 'Error', message: 'no', code: 'E', stack: 'at x' }],
    crashes: 1,
    checkpoint: [1],
    steps: [{ name: 'fetch', at: '2025-01-30T12:00:00.000Z', result: 1 }],
    stuck: true,
  },
  data: { url: 'https://example.org/a', deep: [{ a: null }] },
  updated: '2025-01-30T10:00:02.000Z',
  created: '2025-01-30T10:00:00.000Z',
  priority: 2,
  status: 'failed',
  type: 'download',
  id: 'job-1',
};

const parse = (value: unknown, id = 'job-1') =>
  parseJobFile(typeof value === 'string' ? value : JSON.stringify(value), id, NOW);

function faultOf(value: unknown, id?: string) {
  const verdict = parse(value, id);
  if (!('fault' in verdict)) throw new Error('The file was accepted.');
  return verdict.fault;
}

function jobOf(value: unknown) {
  const verdict = parse(value);
  if ('fault' in verdict) throw new Error(verdict.fault.message);
  return verdict.parsed.job;
}

describe('the file of a job', () => {
  it('is JSON with two spaces, its keys in one order, and a newline at the end', () => {
    const text = serialiseJob(full);
    expect(Object.keys(JSON.parse(text))).toEqual(JOB_KEYS);
    expect(text).toMatch(/^\{\n {2}"id": "job-1",\n {2}"type": "download",\n {2}"status": "failed",\n/);
    expect(text.endsWith('"reason": "error"\n}\n')).toBe(true);
  });

  it('reads back as the same job', () => {
    expect(jobOf(serialiseJob(full))).toEqual(full);
  });

  it('reads back when the job waits for an attempt that comes after it has expired', () => {
    const { reason: _r, finished: _f, result: _t, cancelling: _c, ...waiting } = full;
    const job: Job = { ...waiting, status: 'pending', expiresAt: '2025-01-30T10:30:00.000Z' };
    expect(jobOf(serialiseJob(job))).toEqual(job);
  });

  it('leaves absent fields out', () => {
    const { runAt: _, ...job } = full;
    expect(serialiseJob(job)).not.toContain('runAt');
  });
});

describe('a file that somebody else wrote', () => {
  const minimal = { id: 'job-1', type: 'mail', status: 'pending', data: { to: 'a' } };

  it('has the defaults where it says nothing', () => {
    expect(jobOf(minimal)).toEqual({
      ...minimal,
      priority: 5,
      maxAttempts: 3,
      maxCrashes: 3,
      attempt: 0,
      rev: 1,
      created: '2025-01-30T12:00:00.000Z',
      updated: '2025-01-30T12:00:00.000Z',
      metadata: { retries: 0, progress: 0, logs: [], errors: [] },
    });
  });

  it('may write absent fields as null, times without milliseconds, and a byte order mark', () => {
    const text = `\ufeff${JSON.stringify({ ...minimal, runAt: null, key: null, created: '2025-01-30T10:00:00Z', format: 1 })}`;
    expect(jobOf(text)).toMatchObject({ created: '2025-01-30T10:00:00.000Z' });
    expect(Object.keys(jobOf(text))).not.toContain('runAt');
    expect(Object.keys(jobOf(text))).not.toContain('format');
  });

  it('tells the options as add takes them', () => {
    const verdict = parse({ ...minimal, runAt: '2025-01-30T14:00:00+01:00', tags: ['x'], priority: 1 });
    expect(verdict).toMatchObject({
      parsed: {
        spec: { id: 'job-1', type: 'mail', data: { to: 'a' }, runAt: NOW + 3_600_000, tags: ['x'], priority: 1 },
      },
    });
  });

  it.each([
    ['EMPTY', ''],
    ['EMPTY', ' \n'],
    ['NUL', '\0'.repeat(100)],
    ['NUL', `${serialiseJob(full).slice(0, 200)}${'\0'.repeat(50)}`],
    ['TORN', serialiseJob(full).slice(0, -3)],
    ['TORN', '{"id": "job-1", '],
    ['TORN', 'hello'],
  ])('%s: may become whole (%#)', (code, text) => {
    expect(faultOf(text).code).toBe(code);
    expect(mayBecomeWhole(faultOf(text))).toBe(true);
  });

  it.each([
    ['NOT_A_JOB', '[{"id": "job-1"}]', /list.*file of its own/],
    ['NOT_A_JOB', '42', /one JSON object/],
    ['NOT_A_JOB', 'null', /one JSON object/],
    ['OTHER_ID', { ...minimal, id: 'job-2' }, /named job-1\.json .* "job-2"/],
    ['OTHER_ID', { type: 'mail', status: 'pending', data: 1 }, /null/],
    ['NEWER_FORMAT', { ...minimal, format: 2 }, /format 2, this version reads 1/],
    ['UNKNOWN_STATUS', { ...minimal, status: 'waiting' }, /"waiting" is none of pending, active/],
    ['INVALID', { ...minimal, priority: 11 }, /priority: must be an integer from 1 to 10/],
    ['INVALID', { ...minimal, prioritty: 1 }, /prioritty: is no field/],
    ['INVALID', { ...minimal, type: 'no spaces' }, /type: must be/],
    ['INVALID', { id: 'job-1', status: 'pending', data: 1 }, /type: is missing/],
    ['INVALID', { id: 'job-1', status: 'pending', type: 'a' }, /data: is missing/],
    ['INVALID', { ...minimal, parent: 'UP' }, /parent: must be the id of a job/],
    ['INVALID', { ...minimal, children: { parts: [] } }, /children: must be a list/],
    ['INVALID', { ...minimal, children: [{ name: 'parts', ids: [1] }] }, /children\[0\]\.ids: must be a list of texts/],
    [
      'INVALID',
      { ...minimal, children: [{ ids: [], onChildFailed: 'skip' }] },
      /name: is missing; .*onChildFailed: must be one of/,
    ],
    [
      'INVALID',
      { ...minimal, metadata: { steps: [{ at: 'now' }] } },
      /steps\[0\]\.name: is missing; .*at: must be a time/,
    ],
    ['INVALID', { ...minimal, runAt: 'tomorrow' }, /runAt: must be a time in ISO 8601/],
    ['INVALID', { ...minimal, created: 5 }, /created: must be a time/],
    ['INVALID', { ...minimal, rev: -1 }, /rev: must be a whole number/],
    ['INVALID', { ...minimal, backoff: { type: 'sometimes', delay: 1 } }, /backoff.type/],
    ['INVALID', { ...minimal, tags: 'x' }, /tags: must be a list/],
    ['INVALID', { ...minimal, reason: 'bored' }, /reason: must be one of/],
    ['INVALID', { ...minimal, metadata: [] }, /metadata: must be an object/],
    ['INVALID', { ...minimal, metadata: { logs: [{ at: 'x' }] } }, /metadata\.logs\[0\]\.level: is missing/],
    ['INVALID', { ...minimal, metadata: { toString: 1 } }, /metadata\.toString: is no field/],
    [
      'INVALID',
      '{"id":"job-1","type":"a","status":"pending","data":1,"__proto__":{"key":"x"}}',
      /__proto__: is no field/,
    ],
    ['INVALID', '{"id":"job-1","type":"a","status":"pending","data":1,"constructor":1}', /constructor: is no field/],
  ])('%s: %j', (code, content, message) => {
    expect(faultOf(content)).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(mayBecomeWhole(faultOf(content))).toBe(false);
  });

  it('lists every fault with its path', () => {
    expect(faultOf({ ...minimal, priority: 0, timeout: -1, what: 1 }).details).toEqual([
      { path: ['what'], message: expect.any(String) },
      { path: ['priority'], message: expect.any(String) },
      { path: ['timeout'], message: expect.any(String) },
    ]);
  });

  it('is too large by its data', () => {
    const text = JSON.stringify({ ...minimal, data: 'x'.repeat(2_000) });
    expect(parseJobFile(text, 'job-1', NOW, 1_000)).toMatchObject({ fault: { code: 'TOO_LARGE' } });
  });
});

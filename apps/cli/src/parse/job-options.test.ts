import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors';
import { parseDefinition, parseDefinitions, parseJobFlags } from './job-options';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('parseJobFlags', () => {
  it('reads every flag in its unit', () => {
    const flags = {
      priority: '1',
      at: 'in 2h',
      attempts: '5',
      timeout: '90s',
      ageing: '1h',
      tag: ['a'],
      key: 'k',
      id: 'mine',
      dependsOn: ['x'],
    };
    expect(parseJobFlags(flags, NOW)).toEqual({
      priority: 1,
      runAt: NOW + 7_200_000,
      attempts: 5,
      timeout: 90_000,
      ageing: 3_600_000,
      tags: ['a'],
      key: 'k',
      id: 'mine',
      dependsOn: ['x'],
    });
    expect(parseJobFlags({ delay: '5m' }, NOW)).toEqual({ delay: 300_000 });
  });

  it.each([
    { priority: '0' },
    { priority: 'high' },
    { delay: '5' },
    { at: 'later' },
    { attempts: '0' },
    { delay: '5m', at: 'now' },
  ])('refuses %j', (flags) => {
    expect(() => parseJobFlags(flags, NOW)).toThrow(UsageError);
  });
});

describe('parseDefinition', () => {
  it('takes type, data and options', () => {
    expect(parseDefinition({ type: 'a', data: { x: 1 }, priority: 2, tags: ['t'] }, 'line 1')).toEqual({
      type: 'a',
      data: { x: 1 },
      options: { priority: 2, tags: ['t'] },
    });
    expect(parseDefinition({ type: 'a' }, 'line 1')).toEqual({ type: 'a', data: {}, options: {} });
  });

  it('takes the definition out of a whole record, and leaves its history', () => {
    const record = {
      id: 'job_1',
      type: 'a',
      status: 'failed',
      priority: 3,
      created: '2026-11-23T12:00:00.000Z',
      updated: '2026-11-23T12:00:00.000Z',
      data: null,
      metadata: { retries: 1 },
      rev: 9,
      attempt: 3,
      maxAttempts: 3,
      maxCrashes: 3,
      reason: 'error',
      ageing: 1_000,
      agedAt: '2026-11-23T12:00:00.000Z',
    };
    expect(parseDefinition(record, 'line 1')).toEqual({
      type: 'a',
      data: null,
      options: { id: 'job_1', priority: 3, maxCrashes: 3, ageing: 1_000, attempts: 3 },
    });
  });

  it('names a field that it does not know, for it may be a typing error', () => {
    expect(() => parseDefinition({ type: 'a', prioritty: 1 }, 'line 1')).toThrow(/unknown field "prioritty"/);
    expect(() => parseDefinition({ type: 'a', status: 'failed', wat: 1 }, 'line 1')).toThrow(/unknown field "wat"/);
  });
});

describe('parseDefinitions', () => {
  it('skips empty lines and a byte order mark', () => {
    expect(parseDefinitions('\uFEFF{"type":"a"}\r\n\n{"type":"b"}\n', 'jobs').map(({ type }) => type)).toEqual([
      'a',
      'b',
    ]);
  });

  it('names the line of a fault', () => {
    expect(() => parseDefinitions('{"type":"a"}\n{"type":', 'jobs.ndjson')).toThrow(/jobs\.ndjson, line 2 is not JSON/);
    expect(() => parseDefinitions('{"type":"a"}\n\n[]', 'jobs.ndjson')).toThrow(/line 3 is not a JSON object/);
    expect(() => parseDefinitions('{"data":1}', 'jobs.ndjson')).toThrow(/line 1 has no type/);
  });
});

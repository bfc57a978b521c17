import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors';
import { parseFilter } from './filter';

const NOW = Date.parse('2026-11-23T12:00:00Z');

describe('parseFilter', () => {
  it('is undefined without any filter option', () => {
    expect(parseFilter({}, NOW)).toBeUndefined();
  });

  it('turns each option into its condition', () => {
    const options = {
      status: ['failed', 'Pending'],
      type: ['download'],
      tag: ['night'],
      text: 'iso',
      since: '1h',
      until: '5m',
      reason: ['timeout'],
      key: 'k',
      parent: 'whole',
      priority: ['1', '10'],
    };
    expect(parseFilter(options, NOW)).toEqual({
      status: ['failed', 'pending'],
      type: ['download'],
      tags: ['night'],
      text: 'iso',
      updatedAfter: NOW - 3_600_000,
      updatedBefore: NOW - 300_000,
      reason: ['timeout'],
      key: 'k',
      parent: 'whole',
      priority: [1, 10],
    });
  });

  it('names the near miss', () => {
    expect(() => parseFilter({ status: ['faild'] }, NOW)).toThrow(
      expect.objectContaining({ hint: 'Did you mean failed?', exitCode: 2 }),
    );
  });

  it.each([
    { reason: ['boredom'] },
    { priority: ['0'] },
    { priority: ['11'] },
    { priority: ['1.5'] },
    { since: 'never' },
  ])('refuses %j', (options) => {
    expect(() => parseFilter(options, NOW)).toThrow(UsageError);
  });
});

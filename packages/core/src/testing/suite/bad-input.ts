import { ValidationError } from '../../errors';
import type { JobSpec } from '../../job';
import type { ChangeAction } from '../../store';
import { describe, expect } from '../vitest-api';
import type { StoreTest } from './store-test';

/** Takes the place of valid values where the types would not allow it: that is what callers without types do. */
const untyped = (value: object): Partial<JobSpec> => value as Partial<JobSpec>;

const tags = (count: number): string[] => Array.from({ length: count }, (_, n) => `tag-${n}`);

/** [the field at fault, values that must be refused] */
const BAD: [field: string, values: unknown[]][] = [
  [
    'id',
    [
      '',
      'UPPER',
      '-first',
      '.first',
      '_first',
      'trailing.',
      'a b',
      'a/b',
      '../up',
      'a\\b',
      'a\u0000b',
      'é',
      'x'.repeat(129),
      7,
      null,
    ].concat([
      'con',
      'nul',
      'prn',
      'aux',
      'com1',
      'com9',
      'lpt1',
      'con.txt',
      'nul.json',
      '..',
      '.',
      'a\n',
      '__proto__',
      'a:b',
      '🐋',
    ]),
  ],
  [
    'type',
    ['', ' ', '-a', '.a', '/a', 'a b', 'a\u0000', 'a\n', 'é', '🐋', '__proto__', 'x'.repeat(129), 7, null, ['a']],
  ],
  ['priority', [0, 11, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]],
  ['maxAttempts', [0, -1, 1.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY, '3', null]],
  ['maxCrashes', [0, -1, 1.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY, '3', null]],
  ['timeout', [0, -1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '3', null]],
  ['runAt', [8.64e15 + 1, -8.64e15 - 1, Number.NaN, Number.POSITIVE_INFINITY, '2025-01-30T12:00:00Z', null]],
  ['key', ['', 'x'.repeat(513), 7, null, ['k']]],
  ['tags', [tags(33), [''], ['x'.repeat(129)], [7], 'tag', null, { 0: 'tag' }]],
  [
    'backoff',
    [
      {},
      { type: 'linear', delay: 1 },
      { type: 'fixed' },
      { type: 'fixed', delay: -1 },
      { type: 'fixed', delay: Number.NaN },
      { type: 'fixed', delay: '1' },
      { type: 'exponential', delay: 1, factor: Number.NaN },
      { type: 'exponential', delay: 1, max: -1 },
      { type: 'exponential', delay: 1, jitter: 1.1 },
      { type: 'exponential', delay: 1, jitter: -0.1 },
      'fixed',
      null,
    ],
  ],
];

const GOOD: [field: string, values: unknown[]][] = [
  [
    'id',
    ['a', '0', 'a.b_c-d', 'x'.repeat(128), 'constructor', 'tostring', 'con1', 'console', 'nulls', 'com10', 'a..b'],
  ],
  ['type', ['a', 'A:b/c.d-e_f', '7', 'x'.repeat(128), 'constructor', 'toString', 'hasOwnProperty', 'CON']],
  ['priority', [1, 10]],
  ['maxAttempts', [1, 1_000]],
  ['maxCrashes', [1, 1_000]],
  ['timeout', [1, Number.MAX_SAFE_INTEGER]],
  ['runAt', [8.64e15, 4.2e12 + 7]],
  ['key', [' ', 'x'.repeat(512)]],
  ['tags', [[], tags(32), ['x'.repeat(128)], ['constructor', '🐋']]],
  [
    'backoff',
    [
      { type: 'fixed', delay: 0 },
      { type: 'exponential', delay: 1, factor: 3, max: 10, jitter: 1 },
    ],
  ],
];

/** The beginnings of the paths at fault, each once. */
const fields = (error: unknown, depth: number): (string | number)[][] => {
  const paths = (error as ValidationError).issues.map((issue) => issue.path.slice(0, depth));
  return paths.filter((path, n) => paths.findIndex((other) => other.join() === path.join()) === n);
};

const show = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length} characters)` : text;
};

/** What callers must not pass: each is refused with its path, and nothing is written. */
export function badInput(test: StoreTest): void {
  describe('bad input of add', () => {
    for (const [field, values] of BAD) {
      test(`refuses ${field}: ${values.map(show).join(', ')}`, async (h) => {
        for (const value of values) {
          const alone = await h.add(untyped({ [field]: value })).catch((thrown: unknown) => thrown);
          expect(alone, show(value)).toBeInstanceOf(ValidationError);
          expect(fields(alone, 1)).toEqual([[field]]);
          const third = await h.addAll([{}, {}, untyped({ [field]: value })]).catch((thrown: unknown) => thrown);
          expect(third, show(value)).toBeInstanceOf(ValidationError);
          expect(fields(third, 2)).toEqual([[2, field]]);
        }
        expect(await h.everything()).toEqual([]);
      });
    }

    for (const [field, values] of GOOD) {
      test(`takes ${field}: ${values.map(show).join(', ')}`, async (h) => {
        const ids = await h.addAll(values.map((value) => untyped({ [field]: value })));
        const jobs = await h.store.get(ids);
        const expected = field === 'runAt' ? values.map((value) => new Date(value as number).toISOString()) : values;
        expect(jobs.map((job) => ({ ...job })[field] ?? [])).toEqual(expected);
      });
    }

    test('names every fault of every job at once', async (h) => {
      const error = await h
        .addAll([{}, { priority: 0, maxAttempts: 0 }, untyped({ tags: ['ok', ''] })])
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ValidationError);
      const paths = (error as ValidationError).issues.map((issue) => issue.path);
      expect(paths).toEqual(
        expect.arrayContaining([
          [1, 'priority'],
          [1, 'maxAttempts'],
          [2, 'tags', 1],
        ]),
      );
      expect((error as Error).message).toContain('[1].priority');
    });

    test('refuses data that is no JSON', async (h) => {
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      for (const data of [circle, { n: 1n }, () => 1, Symbol('s')]) {
        await expect(h.add(untyped({ data })), String(data)).rejects.toBeInstanceOf(ValidationError);
      }
      expect(await h.everything()).toEqual([]);
    });

    test('gives ids of its own that are safe', async (h) => {
      expect(await h.add()).toMatch(/^[a-z0-9][a-z0-9._-]{0,126}[a-z0-9_-]$/);
    });
  });

  describe('names of what every object has', () => {
    test('are types, tags and keys like any other', async (h) => {
      const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
      expect(await h.claim({ types: Object.fromEntries(names.map((name) => [name, 1])) })).toEqual([]);
      await h.addAll(names.map((name) => ({ type: name, tags: [name], key: name })));
      expect(await h.claim({ types: { a: 1 } })).toEqual([]);
      for (const name of names) {
        expect((await h.store.list({ filter: { type: name, tags: [name], key: name } })).jobs).toHaveLength(1);
        await h.store.pause(true, { type: name });
        expect(await h.claim({ types: { [name]: 5 } })).toEqual([]);
        await h.store.pause(false, { type: name });
        expect(await h.claim({ types: { [name]: 5 } })).toHaveLength(1);
      }
    });
  });

  describe('bad input of change', () => {
    const bad: ChangeAction[] = [
      { action: 'reprioritise', priority: 0 },
      { action: 'reprioritise', priority: 1.5 },
      { action: 'edit', patch: { priority: 11 } },
      { action: 'edit', patch: { runAt: Number.NaN } },
      { action: 'edit', patch: { tags: [''] } },
      { action: 'edit', patch: { maxAttempts: 0 } },
      { action: 'edit', patch: { timeout: -1 } },
      { action: 'edit', patch: { colour: 'red' } as never },
      { action: 'edit', patch: { backoff: { type: 'fixed', delay: -1 } } },
      { action: 'explode' } as unknown as ChangeAction,
    ];
    for (const change of bad) {
      test(`refuses ${JSON.stringify(change)}`, async (h) => {
        const id = await h.add();
        const before = await h.job(id);
        for (const dryRun of [true, false]) {
          const error = await h.store
            .change({ change, target: { ids: [id] }, dryRun })
            .catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(ValidationError);
        }
        expect(await h.job(id)).toEqual(before);
      });
    }
  });
}

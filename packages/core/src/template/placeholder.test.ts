import { describe, expect, it } from 'vitest';
import type { Issue } from '../errors';
import type { Json } from '../job';
import { fill, findPlaceholders } from './placeholder';

const values = new Map<string, Json>([
  ['url', 'https://example.org/{{n}}'],
  ['n', 3],
  ['on', false],
  ['list', [1, { a: null }]],
]);

describe('filling in', () => {
  it.each<[Json, Json | undefined]>([
    ['{{n}}', 3],
    ['{{ list }}', [1, { a: null }]],
    ['{{on}}', false],
    ['page {{n}} of {{url}}', 'page 3 of https://example.org/{{n}}'],
    ['{{n}}{{n}}', '33'],
    ['{{{{n}}', '{{n}}'],
    ['{{{{{{n}}', '{{3'],
    ['a } b }} c { d', 'a } b }} c { d'],
    ['nothing', 'nothing'],
    ['{{missing}}', undefined],
    ['a{{missing}}b', 'ab'],
    [
      { a: '{{missing}}', b: ['{{missing}}', '{{n}}'], c: null },
      { b: [3], c: null },
    ],
    [{ ['__proto__']: '{{n}}' }, { ['__proto__']: 3 }],
    [7, 7],
  ])('%j gives %j', (value, expected) => {
    expect(fill(value, values)).toEqual(expected);
  });

  it('leaves what was filled in as it is', () => {
    expect(fill(['{{url}}'], values)).toEqual(['https://example.org/{{n}}']);
  });
});

describe('finding placeholders', () => {
  const find = (value: Json) => {
    const issues: Issue[] = [];
    return { found: findPlaceholders(value, ['data'], issues), issues };
  };

  it('tells each with its place, and whether it stands alone', () => {
    expect(find({ a: '{{x}}', b: ['{{y}} and {{z}}'] })).toEqual({
      found: [
        { name: 'x', isWhole: true, path: ['data', 'a'] },
        { name: 'y', isWhole: false, path: ['data', 'b', 0] },
        { name: 'z', isWhole: false, path: ['data', 'b', 0] },
      ],
      issues: [],
    });
  });

  it.each(['{{', 'a {{ b', '{{}}', '{{1a}}', '{{a b}}', '{{a}', '{{{a}}'])('refuses %j', (text) => {
    expect(find([text]).issues).toMatchObject([{ path: ['data', 0] }]);
  });

  it('refuses one in the name of a field, and what is nested without end', () => {
    expect(find({ '{{x}}': 1 }).issues).toMatchObject([{ path: ['data', '{{x}}'] }]);
    const deep = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) as Json;
    expect(find(deep).issues).toHaveLength(1);
  });
});

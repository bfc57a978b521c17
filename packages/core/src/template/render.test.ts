import { describe, expect, it } from 'vitest';
import { ValidationError } from '../errors';
import { parameterSchema, parseParameter } from './parameters';
import { renderTemplate, type TemplateInput } from './render';
import type { Template } from './template';

const mirror: Template = {
  parameters: {
    url: { type: 'string', format: 'uri' },
    depth: { type: 'integer', minimum: 1, default: 2 },
    only: { type: 'array', items: { type: 'string' }, required: false },
  },
  presets: { shallow: { depth: 1 }, here: { url: 'https://example.org' } },
  job: {
    type: 'mirror',
    data: { url: '{{url}}', depth: '{{depth}}', only: '{{only}}', title: 'copy of {{url}}' },
    options: { key: 'mirror:{{url}}', tags: ['night'], priority: 7 },
  },
};
const url = 'https://example.org/a';

function faults(input: TemplateInput): string[] {
  try {
    renderTemplate('mirror', mirror, input);
  } catch (error) {
    if (error instanceof ValidationError)
      return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw error;
  }
  throw new Error('it was rendered');
}

describe('rendering', () => {
  it('fills in what is given, and the defaults of the rest; what has neither is left out', () => {
    expect(renderTemplate('mirror', mirror, { params: { url } })).toEqual({
      type: 'mirror',
      data: { url, depth: 2, title: `copy of ${url}` },
      options: { key: `mirror:${url}`, tags: ['night', 'template:mirror'], priority: 7 },
    });
  });

  it('takes a preset over the default, and what is given over both', () => {
    const data = (input: TemplateInput) => renderTemplate('mirror', mirror, input).data;
    expect(data({ preset: 'shallow', params: { url } })).toMatchObject({ depth: 1 });
    expect(data({ preset: 'shallow', params: { url, depth: 5, only: ['.png'] } })).toMatchObject({
      depth: 5,
      only: ['.png'],
    });
    expect(data({ preset: 'here' })).toMatchObject({ url: 'https://example.org' });
  });

  it('takes a single tag for a list of one', () => {
    const tagged: Template = { parameters: { t: { type: 'string' } }, job: { type: 'x', options: { tags: '{{t}}' } } };
    expect(renderTemplate('t', tagged, { params: { t: 'red' } })).toEqual({
      type: 'x',
      data: {},
      options: { tags: ['red', 'template:t'] },
    });
  });

  it.each<[TemplateInput, string[]]>([
    [{}, ['params.url: is missing']],
    [{ params: { url, dpth: 1 } }, ['params.dpth: is no parameter of the template: one of url, depth, only']],
    [{ preset: 'deep', params: { url } }, ['preset: must be one of shallow, here']],
    [{ preset: 'constructor', params: { url } }, ['preset: must be one of shallow, here']],
    [
      { params: { url: 'a b', depth: '3', only: ['a', 1] } },
      [
        'params.url: string does not match format "uri"',
        'params.depth: instance type "string" is invalid. Expected "integer"',
        'params.only.1: instance type "number" is invalid. Expected "string"',
      ],
    ],
  ])('refuses %j', (input, expected) => {
    expect(faults(input)).toEqual(expected);
  });
});

describe('the parameters of a template', () => {
  it('are told as one JSON Schema', () => {
    expect(parameterSchema(mirror)).toEqual({
      type: 'object',
      properties: {
        url: { type: 'string', format: 'uri' },
        depth: { type: 'integer', minimum: 1, default: 2 },
        only: { type: 'array', items: { type: 'string' } },
      },
      required: ['url'],
      additionalProperties: false,
    });
  });

  it.each([
    ['string', '7', '7'],
    ['integer', '7', 7],
    ['boolean', 'true', true],
    ['array', '["a"]', ['a']],
    ['integer', 'many', 'many'],
  ] as const)('are read from what a person types: %s %s', (type, typed, value) => {
    expect(parseParameter({ type }, typed)).toEqual(value);
  });
});

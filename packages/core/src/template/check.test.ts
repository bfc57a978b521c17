import { describe, expect, it } from 'vitest';
import type { Issue } from '../errors';
import type { Json } from '../job';
import { checkTemplate } from './check';
import type { Template } from './template';

const mirror = {
  description: 'Keeps a copy of a site',
  parameters: {
    url: { type: 'string', format: 'uri' },
    depth: { type: 'integer', minimum: 1, maximum: 9, default: 2 },
    only: { type: 'array', items: { type: 'string', pattern: '^[.]' }, required: false },
  },
  presets: { shallow: { depth: 1 }, pictures: { depth: 3, only: ['.png'] } },
  job: {
    type: 'mirror',
    data: { url: '{{url}}', depth: '{{depth}}', only: '{{only}}' },
    options: { key: 'mirror:{{url}}', priority: '{{depth}}', tags: ['night'], backoff: { type: 'fixed', delay: 5 } },
  },
} satisfies Template;

function faults(value: unknown): string[] {
  const issues: Issue[] = [];
  checkTemplate(value as Json, issues);
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a template', () => {
  it('is taken when all of it fits', () => {
    expect(faults(mirror)).toEqual([]);
    expect(faults({ job: { type: 'x' } })).toEqual([]);
    expect(faults({ flow: { a: { type: 'x' }, b: { type: 'y', dependsOn: ['a'] } } })).toEqual([]);
  });

  it.each<[string, unknown, string | RegExp]>([
    ['no object', [], ': must be an object'],
    [
      'an unknown field',
      { ...mirror, jobz: 1 },
      'jobz: is unknown; there are description, parameters, presets, job, flow',
    ],
    ['no job', { parameters: {} }, ': needs one of job and flow'],
    ['a job and a flow', { job: { type: 'x' }, flow: { a: { type: 'x' } } }, ': needs one of job and flow'],
    ['a flow of nothing', { flow: {} }, 'flow: must have a job'],
    ['a flow with a job without a type', { flow: { a: {} } }, 'flow.a.type: is missing'],
    [
      'an unknown field in a flow',
      { flow: { a: { type: 'x', after: [] } } },
      /^flow\.a\.after: is unknown; there are dependsOn/,
    ],
    [
      'a placeholder in a flow that is no parameter',
      { flow: { a: { type: 'x', data: '{{n}}' } } },
      'flow.a.data: there is no parameter n',
    ],
    [
      'a wrong option in a flow',
      { flow: { a: { type: 'x', options: { priority: 0 } } } },
      /^flow\.a\.options\.priority: /,
    ],
    [
      'a parent that is not in the flow',
      { flow: { a: { type: 'x', dependsOn: ['b'] } } },
      'flow.a.dependsOn.0: there is no such job; there are a',
    ],
    [
      'parents that are no list',
      { flow: { a: { type: 'x', dependsOn: 'a' } } },
      'flow.a.dependsOn: must be a list of texts',
    ],
    [
      'a cycle',
      { flow: { a: { type: 'x', dependsOn: ['b'] }, b: { type: 'x', dependsOn: ['a'] } } },
      'flow: has jobs that wait for each other: a -> b -> a',
    ],
    ['a job without a type', { job: {} }, 'job.type: is missing'],
    ['a type that no job has', { job: { type: 'a b' } }, /^job\.type: must be 1 to 128/],
    [
      'an unknown field of the job',
      { job: { type: 'x', dta: {} } },
      'job.dta: is unknown; there are type, data, options',
    ],
    ['a description that is no text', { ...mirror, description: 7 }, 'description: must be a text'],
    ['parameters in a list', { ...mirror, parameters: [] }, 'parameters: must be an object'],
    ['presets in a list', { ...mirror, presets: [] }, 'presets: must be an object'],
    ['a preset that is no object', { ...mirror, presets: { a: 1 } }, 'presets.a: must be an object'],
    [
      'a preset for a parameter that is not there',
      { ...mirror, presets: { a: { dept: 1 } } },
      'presets.a.dept: is no parameter of the template: one of url, depth, only',
    ],
    ['a preset that does not fit', { ...mirror, presets: { a: { depth: 0 } } }, /^presets\.a\.depth: 0 is less than/],
    [
      'a list with a wrong element in a preset',
      { ...mirror, presets: { a: { only: ['.a', 'b'] } } },
      /^presets\.a\.only\.1: string does not match/i,
    ],
    [
      'a placeholder of nothing',
      { ...mirror, job: { type: 'x', data: ['{{ulr}}'] } },
      'job.data.0: there is no parameter ulr; there are url, depth, only',
    ],
    [
      'a placeholder called like something that every object has',
      { job: { type: 'x', data: '{{constructor}}' } },
      'job.data: there is no parameter constructor',
    ],
    [
      'a list inside a text',
      { ...mirror, job: { type: 'x', data: { a: 'x {{only}}' } } },
      'job.data.a: {{only}} is a list and cannot stand inside a text',
    ],
    ['options in a list', { job: { type: 'x', options: [] } }, 'job.options: must be an object'],
    [
      'an unknown option',
      { job: { type: 'x', options: { prio: 1 } } },
      /^job\.options\.prio: is unknown; there are id, priority/,
    ],
    [
      'an option out of range',
      { job: { type: 'x', options: { attempts: 0 } } },
      /^job\.options\.attempts: must be an int/,
    ],
    ['a time that is none', { job: { type: 'x', options: { runAt: 'soon' } } }, /^job\.options\.runAt: must be a Date/],
    ['tags that are no list', { job: { type: 'x', options: { tags: 't' } } }, /^job\.options\.tags: must be a list/],
  ])('is refused for %s', (_what, value, expected) => {
    expect(faults(value)).toEqual([
      expect.stringMatching(expected instanceof RegExp ? expected : `^${escaped(expected)}$`),
    ]);
  });

  it.each<[unknown, string]>([
    ['text', 'parameters.p: must be an object'],
    [{ default: 1 }, 'parameters.p.type: is missing'],
    [{ type: 'text' }, 'parameters.p.type: must be one of string, number, integer, boolean, array, object'],
    [{ type: 'string', minimun: 1 }, 'parameters.p.minimun: is no keyword of a parameter'],
    [{ type: 'string', toString: 1 }, 'parameters.p.toString: is no keyword of a parameter'],
    [{ type: 'string', pattern: '(' }, 'parameters.p.pattern: must be a regular expression'],
    [{ type: 'string', enum: [] }, 'parameters.p.enum: must be a list of values'],
    [{ type: 'number', minimum: '1' }, 'parameters.p.minimum: must be a number'],
    [{ type: 'string', required: 'no' }, 'parameters.p.required: must be true or false'],
    [
      { type: 'array', items: { type: 'string', default: 1 } },
      'parameters.p.items.default: is no keyword of a parameter',
    ],
    [{ type: 'integer', default: 1.5 }, 'parameters.p.default: instance type "number" is invalid. Expected "integer"'],
  ])('is refused for the parameter %j', (p, expected) => {
    expect(faults({ parameters: { p }, job: { type: 'x' } })).toEqual([expected]);
  });

  it('is refused for a parameter that no placeholder can name', () => {
    expect(faults({ parameters: { 'a b': { type: 'string' } }, job: { type: 'x' } })).toHaveLength(1);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

import { describe, expect, it } from 'vitest';
import { task } from '../test/rig';
import { ValidationError } from './errors';
import { definePlugin, type Plugin } from './plugin';
import { assertPlugin } from './plugin-check';
import type { Service } from './service';

function service(name: string): Service {
  return { name, start: () => {}, stop: () => {}, health: () => ({ status: 'ok', problems: [] }) };
}

/** The faults as texts. */
function faults(plugin: unknown, others: readonly Plugin[] = []): string[] {
  try {
    assertPlugin(plugin, others);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  }
}

describe('assertPlugin', () => {
  it('takes everything that a plugin may have, and one that has nothing', () => {
    const whole = definePlugin({
      name: 'whole',
      version: '1.0.0',
      description: 'All of it.',
      processors: [task('a', () => 1)],
      services: [service('pool')],
      templates: { nightly: { job: { type: 'a', data: null } } },
      hooks: { completed: () => {}, event: () => {}, error: () => {} },
      middleware: { run: (_, next) => next() },
    });
    expect(faults(whole)).toEqual([]);
    expect(faults({ name: 'nothing' }, [whole])).toEqual([]);
  });

  it.each<[unknown, string[]]>([
    [undefined, [': it is not what definePlugin makes']],
    ['text', [': it is not what definePlugin makes']],
    [{}, ['name: must be a text']],
    [
      { name: '', version: 1, description: {} },
      ['name: must be a text', 'version: must be a text', 'description: must be a text'],
    ],
    [
      { name: 'x', processors: {}, services: 'pool', hooks: 1, middleware: 'no' },
      [
        'processors: must be a list',
        'services: must be a list',
        'hooks: must be an object of functions',
        'middleware: must be an object of functions',
      ],
    ],
    [
      { name: 'x', processors: [null, { ...task('a', () => 1), run: 5 }] },
      ['processors.0: is not a processor', 'processors.1.run: must be a function'],
    ],
    [
      { name: 'x', services: [{ name: 'pool' }, null] },
      [
        'services.0: must have a name, start(), stop() and health()',
        'services.1: must have a name, start(), stop() and health()',
      ],
    ],
    [
      { name: 'x', hooks: { complete: () => {}, failed: 'log' } },
      ['hooks.complete: there is no event of this kind', 'hooks.failed: must be a function'],
    ],
    [{ name: 'x', templates: 5 }, ['templates: must be an object of templates']],
    [{ name: 'x', middleware: { run: true } }, ['middleware.run: must be a function']],
    [
      { name: 'x', services: [service('worker')] },
      ['services.0: must have another name: Leviathan itself has a worker'],
    ],
  ])('tells what is wrong with %j', (plugin, expected) => {
    expect(faults(plugin)).toEqual(expected);
  });

  it('checks templates as the store will', () => {
    const templates = {
      '../up': { job: { type: 'a', data: null } },
      half: {},
      bad: { job: { type: 'a', data: '{{x}}' } },
    };
    const told = faults({ name: 'x', templates });
    expect(told).toContain('templates.../up: must have a name that is usable as a file name');
    expect(told).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^templates\.half.*job/),
        expect.stringMatching(/^templates\.bad.*data: .*x/),
      ]),
    );
  });

  it('refuses what clashes with another plugin, or with itself', () => {
    const first = definePlugin({ name: 'first', processors: [task('a', () => 1)], services: [service('pool')] });
    expect(faults({ name: 'first' }, [first])).toEqual(['name: there is another plugin named "first"']);
    expect(
      faults({ name: 'second', processors: [task('b', () => 1), task('a', () => 1)], services: [service('pool')] }, [
        first,
      ]),
    ).toEqual([
      'processors.1: first has a processor of type "a" already',
      'services.0: first has a service named "pool" already',
    ]);
    expect(faults({ name: 'twice', processors: [task('b', () => 1), task('b', () => 1)] })).toEqual([
      'processors.1: twice has a processor of type "b" already',
    ]);
  });
});

/**
 * Whether something is a plugin, and goes together with others.
 *
 * @module
 */
import { isSafeId } from './engine/index';
import { type Issue, ValidationError } from './errors';
import type { Json } from './job';
import { MIDDLEWARE_STEPS } from './middleware/middleware';
import type { Plugin } from './plugin';
import { faultsOf } from './processor-registry';
import { EVENT_KINDS } from './store';
import { checkTemplate } from './template/check';

/**
 * Checks that a value is a plugin, and that it goes together with others: no two have one name, one type of job or one service.
 * @throws ValidationError that names each fault with its path
 */
export function assertPlugin(plugin: unknown, others: readonly Plugin[] = []): asserts plugin is Plugin {
  const issues = isObject(plugin) ? [...shapeFaults(plugin), ...partFaults(plugin as Partial<Plugin>)] : [NOT_A_PLUGIN];
  if (issues.length === 0) issues.push(...clashes(plugin as Plugin, others));
  if (issues.length === 0) return;
  const name = isObject(plugin) && typeof plugin.name === 'string' ? ` ${JSON.stringify(plugin.name)}` : '';
  throw new ValidationError(`The plugin${name}`, issues);
}

const NOT_A_PLUGIN: Issue = { path: [], message: 'it is not what definePlugin makes' };
/** The program's own. */
const SERVICES = ['job-queue', 'plugins', 'worker'];
const HOOKS = new Set<string>([...EVENT_KINDS, 'event', 'error']);

function shapeFaults(plugin: Record<string, unknown>): Issue[] {
  const issues: Issue[] = [];
  const need = (holds: boolean, field: string, message: string): void => {
    if (!holds) issues.push({ path: [field], message });
  };
  const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
  need(isText(plugin.name), 'name', 'must be a text');
  for (const field of ['version', 'description']) {
    need(plugin[field] === undefined || typeof plugin[field] === 'string', field, 'must be a text');
  }
  for (const field of ['processors', 'services']) {
    need(plugin[field] === undefined || Array.isArray(plugin[field]), field, 'must be a list');
  }
  need(plugin.templates === undefined || isObject(plugin.templates), 'templates', 'must be an object of templates');
  for (const field of ['hooks', 'middleware']) {
    need(plugin[field] === undefined || isObject(plugin[field]), field, 'must be an object of functions');
  }
  return issues;
}

function partFaults({ processors, services, templates, hooks, middleware }: Partial<Plugin>): Issue[] {
  const issues: Issue[] = [];
  for (const [i, processor] of listOf(processors).entries()) {
    issues.push(...faultsOf(processor).map(({ path, message }) => ({ path: ['processors', i, ...path], message })));
  }
  for (const [i, service] of listOf(services).entries()) {
    const isService = ['start', 'stop', 'health'].every((method) => isFunction(service?.[method as 'start']));
    if (!isService || typeof service.name !== 'string') {
      issues.push({ path: ['services', i], message: 'must have a name, start(), stop() and health()' });
    }
  }
  for (const [name, template] of Object.entries(isObject(templates) ? templates : {})) {
    const faults: Issue[] = [];
    checkTemplate(template as unknown as Json, faults);
    if (!isSafeId(name)) faults.push({ path: [], message: 'must have a name that is usable as a file name' });
    issues.push(...faults.map(({ path, message }) => ({ path: ['templates', name, ...path], message })));
  }
  for (const [kind, hook] of Object.entries(hooks ?? {})) {
    if (!HOOKS.has(kind)) issues.push({ path: ['hooks', kind], message: 'there is no event of this kind' });
    else if (!isFunction(hook)) issues.push({ path: ['hooks', kind], message: 'must be a function' });
  }
  for (const step of MIDDLEWARE_STEPS) {
    const layer = middleware?.[step];
    if (layer !== undefined && !isFunction(layer))
      issues.push({ path: ['middleware', step], message: 'must be a function' });
  }
  return issues;
}

function clashes(plugin: Plugin, others: readonly Plugin[]): Issue[] {
  const issues: Issue[] = [];
  if (others.some(({ name }) => name === plugin.name)) {
    issues.push({ path: ['name'], message: `there is another plugin named ${JSON.stringify(plugin.name)}` });
  }
  const typesOf = ({ processors = [] }: Plugin): string[] => processors.map(({ type }) => type);
  const servicesOf = ({ services = [] }: Plugin): string[] => services.map(({ name }) => name);
  const taken = (field: string, what: string, namesOf: (plugin: Plugin) => string[]): void => {
    const own = namesOf(plugin);
    for (const [i, name] of own.entries()) {
      const holder = own.indexOf(name) < i ? plugin : others.find((other) => namesOf(other).includes(name));
      if (!holder) continue;
      issues.push({ path: [field, i], message: `${holder.name} has a ${what} ${JSON.stringify(name)} already` });
    }
  };
  taken('processors', 'processor of type', typesOf);
  taken('services', 'service named', servicesOf);
  for (const [i, name] of servicesOf(plugin).entries()) {
    if (!SERVICES.includes(name)) continue;
    issues.push({ path: ['services', i], message: `must have another name: Leviathan itself has a ${name}` });
  }
  return issues;
}

function listOf<T>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? list : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

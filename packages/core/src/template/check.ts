/**
 * Checks a template when it is kept, so that what stands in a store can be filled in and added.
 *
 * @module
 */
import type { CheckedSpec } from '../checked-spec';
import { acceptSpecs } from '../engine/validate';
import { type Issue, ValidationError } from '../errors';
import { JOB_OPTION_KEYS, type JobOptions, type Json } from '../job';
import { toJobSpec } from '../job-spec';
import { isObject, type JsonObject } from '../json';
import { checkParameters, checkValues } from './parameters';
import { findPlaceholders, type Placeholder } from './placeholder';
import type { TemplateParameter } from './template';

const FIELDS = ['description', 'parameters', 'presets', 'job'];
const JOB_FIELDS = ['type', 'data', 'options'];

/** Jobs carry the name in a tag, which has 128 characters at most. */
const MAX_NAME = 100;

/** What is wrong with a template; nothing is added to `issues` when it is one. */
export function checkTemplate(name: string, value: Json, issues: Issue[]): void {
  if (name.length > MAX_NAME) issues.push({ path: [], message: `must have a name of ${MAX_NAME} characters at most` });
  if (!isObject(value)) {
    issues.push({ path: [], message: 'must be an object' });
    return;
  }
  checkFields(value, FIELDS, [], issues);
  if (value.description !== undefined && typeof value.description !== 'string') {
    issues.push({ path: ['description'], message: 'must be a text' });
  }
  const faults: Issue[] = [];
  checkParameters(value.parameters, faults);
  issues.push(...faults);
  if (faults.length > 0) return;
  const parameters = (value.parameters ?? {}) as unknown as { [name: string]: TemplateParameter };
  checkPresets(value.presets, parameters, issues);
  checkJob(value.job, parameters, issues);
}

function checkPresets(
  presets: Json | undefined,
  parameters: { [name: string]: TemplateParameter },
  issues: Issue[],
): void {
  if (presets === undefined) return;
  if (!isObject(presets)) {
    issues.push({ path: ['presets'], message: 'must be an object' });
    return;
  }
  for (const [preset, values] of Object.entries(presets)) {
    const path = ['presets', preset];
    if (isObject(values)) checkValues(parameters, values, path, issues);
    else issues.push({ path, message: 'must be an object' });
  }
}

function checkJob(job: Json | undefined, parameters: { [name: string]: TemplateParameter }, issues: Issue[]): void {
  if (!isObject(job)) {
    issues.push({ path: ['job'], message: job === undefined ? 'is missing' : 'must be an object' });
    return;
  }
  checkFields(job, JOB_FIELDS, ['job'], issues);
  const { type, data = {}, options = {} } = job;
  for (const placeholder of [
    ...findPlaceholders(data, ['job', 'data'], issues),
    ...findPlaceholders(options, ['job', 'options'], issues),
  ]) {
    const message = faultOf(placeholder, parameters);
    if (message !== undefined) issues.push({ path: placeholder.path, message });
  }
  if (typeof type !== 'string') issues.push({ path: ['job', 'type'], message: 'must be a text' });
  else if (!isObject(options)) issues.push({ path: ['job', 'options'], message: 'must be an object' });
  else checkOptions(type, options, issues);
}

function faultOf(
  { name, isWhole }: Placeholder,
  parameters: { [name: string]: TemplateParameter },
): string | undefined {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (!parameter) {
    const known = Object.keys(parameters);
    return `there is no parameter ${name}${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`;
  }
  if (isWhole || (parameter.type !== 'array' && parameter.type !== 'object')) return undefined;
  return `{{${name}}} is ${parameter.type === 'array' ? 'a list' : 'an object'} and cannot stand inside a text`;
}

/** Options without a placeholder are checked as `add` checks them; those with one when they are filled in. */
function checkOptions(type: string, options: JsonObject, issues: Issue[]): void {
  const at = ['job', 'options'];
  checkFields(options, JOB_OPTION_KEYS, at, issues);
  const known: readonly string[] = JOB_OPTION_KEYS;
  const literal = Object.entries(options).filter(
    ([key, value]) => known.includes(key) && findPlaceholders(value, [], []).length === 0,
  );
  const faults: Issue[] = [];
  const job = { type, data: null, options: Object.fromEntries(literal) as JobOptions };
  const spec = toJobSpec(job, undefined, 0, undefined, faults) as CheckedSpec;
  try {
    if (faults.length === 0) acceptSpecs([spec], Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    faults.push(...error.issues);
  }
  issues.push(
    ...faults.map(({ path, message }) => {
      const field = path[0] === 'maxAttempts' ? ['attempts'] : path;
      return { path: path[0] === 'type' ? ['job', 'type'] : [...at, ...field], message };
    }),
  );
}

function checkFields(value: JsonObject, known: readonly string[], path: readonly string[], issues: Issue[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) issues.push({ path: [...path, key], message: `is none of ${known.join(', ')}` });
  }
}

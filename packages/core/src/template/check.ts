/**
 * Checks a template when it is kept, so that what stands in a store can be filled in and added.
 *
 * @module
 */
import type { CheckedSpec } from '../checked-spec';
import { findCycle } from '../engine/decide-add';
import { Fields } from '../engine/fields';
import { acceptSpecs } from '../engine/validate';
import { type Issue, ValidationError } from '../errors';
import { JOB_OPTION_KEYS, type JobOptions, type Json } from '../job';
import { toJobSpec } from '../job-spec';
import { isObject, type JsonObject } from '../json';
import { checkParameters, checkValues } from './parameters';
import { findPlaceholders, type Placeholder } from './placeholder';
import type { FlowTemplate, JobTemplate, Template, TemplateFlowJob, TemplateJob } from './template';

type Parameters = NonNullable<Template['parameters']>;
type Presets = NonNullable<Template['presets']>;

/** Adds what is wrong with the value of a template. */
export function checkTemplate(value: Json, issues: Issue[]): void {
  const fields = Fields.of<Omit<JobTemplate, 'flow'> & Pick<FlowTemplate, 'flow'>>(value, issues);
  if (!fields) return;
  fields.text('description');
  if ((fields.value.job === undefined) === (fields.value.flow === undefined))
    fields.fail('', 'needs one of job and flow');
  const described = fields.object('parameters');
  const presets = fields.object<Presets>('presets');
  const job = fields.object<TemplateJob>('job');
  const flow = fields.object<FlowTemplate['flow']>('flow');
  fields.onlyKnown();
  const faults: Issue[] = [];
  const parameters = (described?.value ?? {}) as Parameters;
  checkParameters(parameters as unknown as JsonObject, faults);
  issues.push(...faults);
  // What refers to parameters would be blamed for their faults.
  if (faults.length > 0 || (fields.value.parameters !== undefined && !described)) return;
  for (const [preset, values] of Object.entries(presets?.value ?? {})) {
    const path = ['presets', preset];
    if (isObject(values)) checkValues(parameters, values, path, issues);
    else issues.push({ path, message: 'must be an object' });
  }
  if (job) checkJob(job, ['job'], parameters, issues);
  if (flow) checkFlow(flow, parameters, issues);
}

function checkFlow(flow: Fields<FlowTemplate['flow']>, parameters: Parameters, issues: Issue[]): void {
  const names = Object.keys(flow.value);
  if (names.length === 0) flow.fail('', 'must have a job');
  const parentsOf = new Map<string, string[]>();
  for (const name of names) {
    const job = flow.object<TemplateFlowJob>(name);
    if (!job) continue;
    job.texts('dependsOn');
    checkJob(job, ['flow', name], parameters, issues);
    const { dependsOn } = job.value;
    if (!Array.isArray(dependsOn)) continue;
    parentsOf.set(name, dependsOn);
    for (const [i, parent] of dependsOn.entries()) {
      if (!names.includes(parent)) job.fail('dependsOn', `there is no such job; there are ${names.join(', ')}`, i);
    }
  }
  const cycle = findCycle(parentsOf.keys(), (name) => parentsOf.get(name));
  if (cycle) flow.fail('', `has jobs that wait for each other: ${cycle.join(' -> ')}`);
}

function checkJob(job: Fields<TemplateJob>, at: readonly string[], parameters: Parameters, issues: Issue[]): void {
  job.required('type');
  job.text('type');
  job.any('data');
  const options = job.object('options');
  job.onlyKnown();
  const { type, data = {} } = job.value;
  for (const placeholder of [
    ...findPlaceholders(data, [...at, 'data'], issues),
    ...findPlaceholders((options?.value ?? {}) as JsonObject, [...at, 'options'], issues),
  ]) {
    const message = faultOf(placeholder, parameters);
    if (message !== undefined) issues.push({ path: placeholder.path, message });
  }
  if (typeof type === 'string' && type !== '') checkOptions(type, (options?.value ?? {}) as JsonObject, at, issues);
}

function faultOf({ name, isWhole }: Placeholder, parameters: Parameters): string | undefined {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (!parameter) {
    const known = Object.keys(parameters);
    return `there is no parameter ${name}${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`;
  }
  if (isWhole || (parameter.type !== 'array' && parameter.type !== 'object')) return undefined;
  return `{{${name}}} is ${parameter.type === 'array' ? 'a list' : 'an object'} and cannot stand inside a text`;
}

/** Options without a placeholder are checked as `add` checks them; those with one when they are filled in. */
function checkOptions(type: string, options: JsonObject, ofJob: readonly string[], issues: Issue[]): void {
  const at = [...ofJob, 'options'];
  const known: readonly string[] = JOB_OPTION_KEYS;
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) issues.push({ path: [...at, key], message: `is unknown; there are ${known.join(', ')}` });
  }
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
      return { path: path[0] === 'type' ? [...ofJob, 'type'] : [...at, ...field], message };
    }),
  );
}

/**
 * From a template to the jobs that it makes.
 *
 * @module
 */
import { type Issue, ValidationError } from '../errors';
import type { JobOptions, Json } from '../job';
import type { JsonObject } from '../json';
import { valuesFor } from './parameters';
import { fill } from './placeholder';
import type { Template, TemplateJob } from './template';

/** What a template is filled with. */
export interface TemplateInput {
  /** Name of a preset: its values stand in where `params` gives none. */
  preset?: string | undefined;
  /** Values of parameters. */
  params?: JsonObject | undefined;
}

/** A job to add. */
export interface RenderedJob {
  type: string;
  data: Json;
  /** With the tag `template:<name>`. */
  options: JobOptions;
}

/** Jobs to add together, by their names. */
export interface RenderedFlow {
  [name: string]: RenderedJob & { dependsOn?: string[] };
}

/** The tag by which the jobs of a template are found. */
export function templateTag(name: string): string {
  return `template:${name}`;
}

/**
 * Fills the template of a job in.
 * @throws ValidationError that names each faulty parameter by its path, for example `params.url`; also for a template of a flow
 */
export function renderTemplate(name: string, template: Template, input: TemplateInput = {}): RenderedJob {
  if (template.flow) throw otherwise(name, 'flow', 'makes several jobs, which runFlow adds');
  return rendered(name, template.job, filledWith(name, template, input));
}

/** Fills the template of a flow in. @throws as {@link renderTemplate}; also for a template of one job */
export function renderFlow(name: string, template: Template, input: TemplateInput = {}): RenderedFlow {
  if (!template.flow) throw otherwise(name, 'job', 'makes one job, which run adds');
  const values = filledWith(name, template, input);
  const jobs = Object.entries(template.flow).map(([one, { dependsOn, ...job }]) => [
    one,
    { ...rendered(name, job, values), ...(dependsOn && { dependsOn }) },
  ]);
  return Object.fromEntries(jobs) as RenderedFlow;
}

function otherwise(name: string, field: 'job' | 'flow', message: string): ValidationError {
  return new ValidationError(`The template ${JSON.stringify(name)}`, [{ path: [field], message }]);
}

function filledWith(name: string, template: Template, input: TemplateInput): Map<string, Json> {
  const issues: Issue[] = [];
  const values = valuesFor(template, input, issues);
  if (issues.length > 0) throw new ValidationError(`The call of template ${JSON.stringify(name)}`, issues);
  return values;
}

function rendered(
  name: string,
  { type, data = {}, options = {} }: TemplateJob,
  values: Map<string, Json>,
): RenderedJob {
  const filled = fill(options, values) as JobOptions;
  // A single text passes for a list of one: "tags": "{{tag}}".
  const tags = [filled.tags ?? [], templateTag(name)].flat();
  return { type, data: fill(data, values) ?? null, options: { ...filled, tags } };
}

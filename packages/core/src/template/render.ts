/**
 * From a template to the job that it makes.
 *
 * @module
 */
import { type Issue, ValidationError } from '../errors';
import type { JobOptions, Json } from '../job';
import type { JsonObject } from '../json';
import { valuesFor } from './parameters';
import { fill } from './placeholder';
import type { Template } from './template';

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

/** The tag by which the jobs of a template are found. */
export function templateTag(name: string): string {
  return `template:${name}`;
}

/**
 * Fills a template in.
 * @throws ValidationError that names each faulty parameter by its path, for example `params.url`
 */
export function renderTemplate(name: string, template: Template, input: TemplateInput = {}): RenderedJob {
  const issues: Issue[] = [];
  const values = valuesFor(template, input, issues);
  if (issues.length > 0) throw new ValidationError(`The call of template ${JSON.stringify(name)}`, issues);
  const { type, data = {}, options = {} } = template.job;
  const filled = fill(options, values) as JobOptions;
  // A single text passes for a list of one: "tags": "{{tag}}".
  const tags = [filled.tags ?? [], templateTag(name)].flat();
  return { type, data: fill(data, values) ?? null, options: { ...filled, tags } };
}

/**
 * The templates of a store, and jobs made of them.
 *
 * @module
 */
import { DefinitionSet } from '../definition-set';
import { DefinitionNotFoundError } from '../errors';
import type { JobOptions, Json } from '../job';
import type { JobHandle } from '../job-handle';
import type { AddJobOptions } from '../job-types';
import type { AddOptions, JobStore } from '../store';
import { type RenderedFlow, type RenderedJob, renderFlow, renderTemplate, type TemplateInput } from './render';
import type { Template } from './template';

/** What templates need of a queue. */
export interface TemplateHost {
  store: JobStore;
  /** As `Queue.add`, for any type. */
  add(type: string, data: Json, options: AddJobOptions): Promise<JobHandle>;
  /** As `Queue.addFlow`, likewise. */
  addFlow(jobs: RenderedFlow, options: AddOptions): Promise<Record<string, JobHandle>>;
}

/** Options that all jobs of a flow can have alike. */
export type FlowJobOptions = Omit<JobOptions, 'id' | 'key' | 'unique' | 'dependsOn'>;

/**
 * The templates of a store: `queue.templates`.
 *
 * @example
 * ```ts
 * await queue.templates.set('mirror', {
 *   parameters: { url: { type: 'string', format: 'uri' } },
 *   job: { type: 'mirror', data: { url: '{{url}}' } },
 * });
 * await queue.templates.run('mirror', { params: { url: 'https://example.org' } });
 * ```
 */
export class Templates extends DefinitionSet<Template> {
  readonly #host: TemplateHost;

  constructor(host: TemplateHost) {
    super(host.store, 'template');
    this.#host = host;
  }

  /**
   * The job that `run` would add.
   * @throws DefinitionNotFoundError; ValidationError with the path of each faulty parameter: `params.url`, or when the template is of a flow
   */
  async render(name: string, input?: TemplateInput, options: JobOptions = {}): Promise<RenderedJob> {
    const job = renderTemplate(name, await this.#find(name), input);
    return { ...job, options: merged(job.options, options) };
  }

  /** The jobs that `runFlow` would add. @throws as {@link Templates.render}; ValidationError when the template is of one job */
  async renderFlow(name: string, input?: TemplateInput, options: FlowJobOptions = {}): Promise<RenderedFlow> {
    const jobs = Object.entries(renderFlow(name, await this.#find(name), input));
    return Object.fromEntries(jobs.map(([one, job]) => [one, { ...job, options: merged(job.options, options) }]));
  }

  /**
   * Adds the job that a template makes of these parameters. It carries the tag `template:<name>`.
   * @param options Go before those of the template; tags add up.
   * @throws as {@link Templates.render}, and as `Queue.add`: what was filled in is checked as any other job.
   */
  async run(name: string, input?: TemplateInput, options: AddJobOptions = {}): Promise<JobHandle> {
    const { onDuplicate, ...ofJob } = options;
    const job = await this.render(name, input, ofJob);
    return this.#host.add(job.type, job.data, { ...job.options, ...(onDuplicate && { onDuplicate }) });
  }

  /**
   * Adds the jobs that a template of a flow makes of these parameters, all or none; they have the names that the template gives them, and
   * each carries the tag `template:<name>`.
   * @param options Of each of the jobs; as in {@link Templates.run}.
   * @throws as {@link Templates.renderFlow}, and as `Queue.addFlow`
   *
   * @example
   * ```ts
   * const { resize } = await queue.templates.runFlow<'fetch' | 'resize'>('picture', { params: { url } });
   * console.log(await resize.result());
   * ```
   */
  async runFlow<Name extends string = string>(
    name: string,
    input?: TemplateInput,
    { onDuplicate, ...ofJobs }: FlowJobOptions & Pick<AddOptions, 'onDuplicate'> = {},
  ): Promise<Record<Name, JobHandle>> {
    const jobs = await this.renderFlow(name, input, ofJobs);
    return (await this.#host.addFlow(jobs, onDuplicate ? { onDuplicate } : {})) as Record<Name, JobHandle>;
  }

  async #find(name: string): Promise<Template> {
    const template = await this.get(name);
    if (!template) throw new DefinitionNotFoundError('template', name);
    return template.value;
  }
}

function merged(ofTemplate: JobOptions, { tags = [], ...options }: JobOptions): JobOptions {
  const both = { ...ofTemplate, ...options, tags: [...new Set([...(ofTemplate.tags ?? []), ...tags])] };
  // A delay and a time exclude each other: the caller's word counts.
  if (options.runAt !== undefined) delete both.delay;
  if (options.delay !== undefined) delete both.runAt;
  return both;
}

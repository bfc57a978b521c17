/** `leviathan template` @module */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { RenderedFlow, RenderedJob, Template } from '@leviathan/core';
import { CliError, UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { table } from '../format/table';
import { TEMPLATE_COLUMNS, templateLines, templateRow } from '../format/template';
import { isObject, parseJson } from '../parse/data';
import { anchored } from '../parse/job-data';
import { type JobFlags, parseJobFlags } from '../parse/job-options';
import { parseParams } from '../parse/params';
import { checkTypes } from '../parse/types';
import { loadProcessors } from '../processors';
import type { Session } from '../session';
import { addQueue } from './add';

interface RunOptions extends JobFlags {
  param?: string[];
  preset?: string;
  dryRun?: boolean;
  anyType?: boolean;
  processors?: string[];
}

export async function list(session: Session): Promise<number> {
  const { out } = session;
  const templates = await (await session.queue('read')).templates.list();
  if (out.json) await out.value(templates);
  else if (templates.length > 0)
    await out.lines(table(TEMPLATE_COLUMNS, templates.map(templateRow), out.columns, out.colors.dim));
  else out.note('No templates.');
  return EXIT.ok;
}

export async function show(session: Session, name: string): Promise<number> {
  const template = await find(session, name, 'read');
  if (session.out.json) await session.out.value(template);
  else await session.out.lines(templateLines(name, template, session.out));
  return EXIT.ok;
}

export async function set(session: Session, file: string, options: { name?: string }): Promise<number> {
  const { name = nameOf(file) } = options;
  const template = parseJson(file === '-' ? await session.readInput() : await read(session, file), file);
  if (!isObject(template)) throw new UsageError(`${file} holds no template: it must be a JSON object.`);
  const queue = await session.queue('write');
  const before = await queue.templates.get(name);
  await queue.templates.set(name, template as unknown as Template, { by: 'cli' });
  if (session.out.json) await session.out.value({ name, added: before === null });
  session.out.note(`${before === null ? 'Added' : 'Replaced'} the template ${name}.`);
  return EXIT.ok;
}

export async function remove(session: Session, names: string[]): Promise<number> {
  const queue = await session.queue('write');
  for (const name of names) await find(session, name, 'write');
  for (const name of names) await queue.templates.remove(name, { by: 'cli' });
  session.out.note(`Removed ${names.join(', ')}.`);
  return EXIT.ok;
}

export async function run(session: Session, name: string, options: RunOptions): Promise<number> {
  const { out } = session;
  const template = await find(session, name, options.dryRun ? 'read' : 'write');
  const input = { preset: options.preset, params: parseParams(options.param ?? [], template) };
  const { templates } = await session.queue(options.dryRun ? 'read' : 'write');
  const flags = parseJobFlags(options, session.io.now());
  if (template.flow) {
    if (options.id !== undefined || options.key !== undefined)
      throw new UsageError(`--id and --key are of one job; ${name} makes several.`);
    return addFlow(session, await templates.renderFlow(name, input, flags), options);
  }
  const job = await templates.render(name, input, flags);
  const queue = await prepare(session, [job], options);
  if (queue === null) {
    await out.value(job);
    return EXIT.ok;
  }
  const { id, added } = await queue.add(job.type, job.data, job.options);
  if (out.json) await out.value({ id, added });
  else await out.line(id);
  if (!added) out.note('That job was there already.');
  return EXIT.ok;
}

async function addFlow(session: Session, flow: RenderedFlow, options: RunOptions): Promise<number> {
  const { out } = session;
  const queue = await prepare(session, Object.values(flow), options);
  if (queue === null) {
    await out.value(flow);
    return EXIT.ok;
  }
  const handles = Object.entries(await queue.addFlow(flow));
  const results = handles.map(([name, { id, added }]) => [name, { id, added }] as const);
  if (out.json) await out.value(Object.fromEntries(results));
  else await out.lines(results.map(([, { id }]) => id));
  for (const [name, { added }] of results) if (!added) out.note(`${name} was there already.`);
  return EXIT.ok;
}

/** The queue that takes the jobs, once they are as they are to be added; `null` in a dry run. */
async function prepare(session: Session, jobs: RenderedJob[], { processors, anyType, dryRun }: RunOptions) {
  const loaded = await loadProcessors(session, processors);
  const known = loaded.processors.map(({ type }) => type);
  const types = jobs.map(({ type }) => type);
  if (!anyType) checkTypes(types, known);
  for (const job of jobs) job.data = anchored(job.type, job.data, session.io.cwd);
  return dryRun ? null : addQueue(session, loaded, jobs, anyType === true);
}

async function find(session: Session, name: string, purpose: 'read' | 'write'): Promise<Template> {
  const { templates } = await session.queue(purpose);
  const template = await templates.get(name);
  if (template) return template.value;
  const names = (await templates.list()).map((other) => other.name);
  const hint = names.length > 0 ? `There are ${names.join(', ')}.` : 'leviathan template set <file> adds one.';
  throw new CliError('NO_DEFINITION', EXIT.notFound, `There is no template ${JSON.stringify(name)}.`, hint);
}

function nameOf(file: string): string {
  if (file === '-') throw new UsageError('A template from standard input needs a --name.');
  return basename(file, '.json');
}

async function read(session: Session, file: string): Promise<string> {
  try {
    return await readFile(resolve(session.io.cwd, file), 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

/** `leviathan template` @module */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Template } from '@leviathan/core';
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
  const job = await templates.render(name, input, parseJobFlags(options, session.io.now()));
  const loaded = await loadProcessors(session, options.processors);
  const known = loaded.processors.map(({ type }) => type);
  if (!options.anyType) checkTypes([job.type], known);
  job.data = anchored(job.type, job.data, session.io.cwd);
  if (options.dryRun) {
    await out.value(job);
    return EXIT.ok;
  }
  const queue = await addQueue(session, loaded, [job], options.anyType === true);
  const { id, added } = await queue.add(job.type, job.data, job.options);
  if (out.json) await out.value({ id, added });
  else await out.line(id);
  if (!added) out.note('That job was there already.');
  return EXIT.ok;
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

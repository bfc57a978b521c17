/** `leviathan import` @module */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { table } from '../format/table';
import { count } from '../format/text';
import { batches, withNewIds } from '../import-order';
import { type Definition, parseDefinitions } from '../parse/job-options';
import { checkTypes } from '../parse/types';
import { type Loaded, loadProcessors } from '../processors';
import type { Session } from '../session';

interface Options {
  newIds?: boolean;
  anyType?: boolean;
  dryRun?: boolean;
  processors?: string[];
}

/** What an import does, or would do. */
interface Summary {
  dryRun: boolean;
  total: number;
  added: number;
  /** Jobs whose id or key is there already: they were left alone. */
  existing: number;
  byType: Record<string, number>;
}

export async function run(session: Session, file: string, options: Options): Promise<number> {
  const text = file === '-' ? await session.readInput() : await readText(resolve(session.io.cwd, file), file);
  const parsed = parseDefinitions(text, file === '-' ? 'standard input' : file);
  const definitions = options.newIds ? await withNewIds(parsed) : parsed;
  const loaded = await loadProcessors(session, options.processors);
  if (!options.anyType)
    checkTypes(
      definitions.map(({ type }) => type),
      loaded.processors.map(({ type }) => type),
    );
  // Everything is checked before anything is added: the whole file, or nothing of it.
  await checkData(definitions, loaded);
  const ordered = batches(definitions);
  const summary = options.dryRun
    ? await preview(session, definitions)
    : await addAll(session, ordered, definitions, loaded);
  const { out } = session;
  if (out.json) await out.value(summary);
  else
    await out.lines(
      table(
        [
          { title: 'TYPE', min: 6 },
          { title: 'JOBS', align: 'right' },
        ],
        Object.entries(summary.byType).map(([type, n]) => [type, String(n)]),
        out.columns,
        out.colors.dim,
      ),
    );
  const verb = options.dryRun ? 'Would add' : 'Added';
  out.note(
    `${verb} ${count(summary.added, 'job')}${summary.existing === 0 ? '' : `; ${summary.existing} of the ids or keys are there already`}.`,
  );
  return EXIT.ok;
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${name}: ${(error as Error).message}`);
  }
}

async function checkData(definitions: readonly Definition[], { processors }: Loaded): Promise<void> {
  for (const [i, { type, data }] of definitions.entries()) {
    const processor = processors.find((candidate) => candidate.type === type);
    const result = await processor?.input['~standard'].validate(data);
    const issue = result?.issues?.[0];
    if (issue === undefined) continue;
    const path = (issue.path ?? []).map((part: PropertyKey | { key: PropertyKey }) =>
      String(typeof part === 'object' ? part.key : part),
    );
    throw new UsageError(
      `Job ${i + 1} (${type}) is not valid: ${['data', ...path].join('.')}: ${issue.message}`,
      'Nothing was added.',
    );
  }
}

async function preview(session: Session, definitions: readonly Definition[]): Promise<Summary> {
  const store = await session.store('read');
  const ids = definitions.map(({ options }) => options.id).filter((id) => id !== undefined);
  const present = new Set((await store.get(ids)).flatMap((job) => (job === null ? [] : [job.id])));
  let existing = 0;
  for (const { options } of definitions) {
    if (
      (options.id !== undefined && present.has(options.id)) ||
      (options.key !== undefined && (await holdsKey(session, options.key)))
    )
      existing += 1;
  }
  return {
    dryRun: true,
    total: definitions.length,
    added: definitions.length - existing,
    existing,
    byType: byType(definitions),
  };
}

async function holdsKey(session: Session, key: string): Promise<boolean> {
  const store = await session.store('read');
  return (await store.list({ filter: { key, status: ['pending', 'active'] }, limit: 1 })).jobs.length > 0;
}

async function addAll(
  session: Session,
  ordered: readonly Definition[][],
  definitions: readonly Definition[],
  { plugins }: Loaded,
): Promise<Summary> {
  const { Queue, pluginMiddleware } = await import('@leviathan/core');
  // Checked above, so that a type that only another program knows can be among them.
  const queue = new Queue({ store: await session.store('write'), middleware: plugins.flatMap(pluginMiddleware) });
  let added = 0;
  for (const batch of ordered) {
    const handles = await queue.addMany(batch as { type: string; data: Json; options: Definition['options'] }[]);
    added += handles.filter((handle) => handle.added).length;
  }
  return {
    dryRun: false,
    total: definitions.length,
    added,
    existing: definitions.length - added,
    byType: byType(definitions),
  };
}

function byType(definitions: readonly Definition[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of definitions) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Object.fromEntries(counts);
}

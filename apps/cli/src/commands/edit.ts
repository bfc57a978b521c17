/** `leviathan edit` @module */
import type { ChangeResult, JobPatch, Json } from '@leviathan/core';
import { changeCode, changeError, tellChange } from '../change-report';
import { UsageError } from '../errors';
import { isObject, parsePairs, readData } from '../parse/data';
import { parseDuration } from '../parse/duration';
import { resolveIds } from '../parse/ids';
import { parseInteger } from '../parse/number';
import { parseWhen } from '../parse/when';
import { loadProcessors } from '../processors';
import type { Session } from '../session';

interface Options {
  set?: string[];
  data?: string;
  priority?: string;
  at?: string;
  attempts?: string;
  timeout?: string;
  tag?: string[];
  dryRun?: boolean;
}

export async function run(session: Session, texts: string[], options: Options): Promise<number> {
  const patch = await parsePatch(session, options);
  const fields = parsePairs(options.set ?? []);
  if (Object.keys(patch).length === 0 && Object.keys(fields).length === 0) {
    throw new UsageError('Nothing to change.', 'Give --set, --data, --priority, --at, --attempts, --timeout or --tag.');
  }
  const store = await session.store('read');
  const ids = await resolveIds(store, texts);
  const { Queue } = await import('@leviathan/core');
  const { processors } = await loadProcessors(session);
  // With the processors that are here, so that new data of their types is checked before it is written.
  const queue = new Queue({ store, processors });
  const how = { by: 'cli', ...(options.dryRun && { dryRun: true }) };
  let result: ChangeResult;
  if (Object.keys(fields).length === 0) {
    result = await queue.edit(ids, patch, how);
  } else {
    // Each job has its own data to put the fields into.
    const jobs = await store.get(ids);
    const results: ChangeResult[] = [];
    for (const [i, id] of ids.entries()) {
      const data = patch.data ?? (jobs[i]?.data as Json | undefined) ?? {};
      if (!isObject(data))
        throw new UsageError(`The data of ${id} is not an object: --set cannot change a field of it.`);
      results.push(await queue.edit([id], { ...patch, data: { ...data, ...fields } }, how));
    }
    result = merge(results);
  }
  const error = changeError(result);
  if (error !== undefined) throw error;
  await tellChange(session, result, { verb: 'edit', past: 'Edited' });
  return changeCode(result);
}

async function parsePatch(session: Session, options: Options): Promise<JobPatch> {
  const patch: JobPatch = {};
  const now = session.io.now();
  if (options.data !== undefined) patch.data = await readData(options.data, () => session.readInput());
  if (options.priority !== undefined) patch.priority = parseInteger(options.priority, '--priority', 1, 10);
  if (options.at !== undefined) patch.runAt = options.at === 'now' ? null : parseWhen(options.at, now, 'future');
  if (options.attempts !== undefined) patch.maxAttempts = parseInteger(options.attempts, '--attempts', 1, 1000);
  if (options.timeout !== undefined) {
    patch.timeout = options.timeout === 'none' ? null : parseDuration(options.timeout, 'duration for --timeout');
  }
  if (options.tag !== undefined) patch.tags = options.tag;
  return patch;
}

function merge(results: readonly ChangeResult[]): ChangeResult {
  return {
    dryRun: results.some(({ dryRun }) => dryRun),
    matched: results.reduce((sum, { matched }) => sum + matched, 0),
    changed: results.reduce((sum, { changed }) => sum + changed, 0),
    ids: results.flatMap(({ ids }) => ids),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}

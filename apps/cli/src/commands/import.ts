/** `leviathan import` @module */
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { CONFLICT_POLICIES, type ImportResult, type Lines } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { importLines, invalidLines } from '../format/import';
import { count } from '../format/text';
import { oneOf } from '../parse/filter';
import { parseKinds } from '../parse/kinds';
import { loadProcessors } from '../processors';
import type { Session } from '../session';

interface Options {
  only?: string[];
  onConflict: string;
  newIds?: boolean;
  withoutHistory?: boolean;
  pauseSchedules?: boolean;
  anyType?: boolean;
  dryRun?: boolean;
  processors?: string[];
}

/** Faults that are told in full. */
const SHOWN = 10;

export async function run(session: Session, file: string, options: Options): Promise<number> {
  const { importAll, ProcessorRegistry } = await import('@leviathan/core');
  const read = await source(session, file);
  const { processors } = await loadProcessors(session, options.processors);
  const how = {
    kinds: options.only && parseKinds(options.only),
    onConflict: oneOf(options.onConflict, CONFLICT_POLICIES, '--on-conflict'),
    history: !options.withoutHistory,
    newIds: options.newIds,
    pauseSchedules: options.pauseSchedules,
    anyType: options.anyType,
    validator: new ProcessorRegistry(processors),
    by: 'cli',
  };
  // Everything is checked before anything is written: the whole document, or nothing of it.
  const store = await session.store(options.dryRun ? 'read' : 'write');
  const preview = await importAll(store, read(), { ...how, dryRun: true });
  refuse(session, preview, file);
  return tell(session, options.dryRun ? preview : await importAll(store, read(), how), options);
}

/** The lines of the input, as often as they are wanted. */
async function source(session: Session, file: string): Promise<() => Lines> {
  if (file === '-') {
    const text = await session.readInput();
    return () => text.split('\n');
  }
  const path = resolve(session.io.cwd, file);
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${(error as Error).message}`);
  }
  return () => createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
}

/** @throws UsageError when a part of the document is not valid */
function refuse(session: Session, preview: ImportResult, file: string): void {
  const invalid = Object.values(preview.kinds).reduce((sum, counts) => sum + counts.invalid, 0);
  if (invalid === 0) return;
  const lines = invalidLines(preview, file === '-' ? 'standard input' : file);
  for (const line of lines.slice(0, SHOWN)) session.out.warn(line);
  throw new UsageError(
    `${count(invalid, 'item')} of ${file === '-' ? 'the input' : file} cannot be imported. Nothing was.`,
    '--any-type takes jobs of types that no processor here knows.',
  );
}

async function tell(session: Session, result: ImportResult, { pauseSchedules }: Options): Promise<number> {
  const { out } = session;
  if (out.json) await out.value(result);
  else await out.lines(importLines(result, out.columns, out.colors));
  const sums = { added: 0, replaced: 0, renamed: 0, conflict: 0, unknown: 0 };
  for (const counts of Object.values(result.kinds)) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
  }
  const parts = [`${sums.added + sums.renamed} added`, `${sums.replaced} replaced`];
  out.note(`${result.dryRun ? 'Would be' : 'Imported'}: ${parts.join(', ')}.`);
  const { added = 0, replaced = 0, renamed = 0 } = result.kinds.schedule ?? {};
  if (pauseSchedules && added + replaced + renamed > 0)
    out.note('Their schedules are paused; `leviathan schedule resume <name>` lets one go.');
  if (sums.unknown > 0) out.warn(`${count(sums.unknown, 'item')} of kinds that this version does not know left out.`);
  return sums.conflict > 0 ? EXIT.partial : EXIT.ok;
}

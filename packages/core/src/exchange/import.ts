/**
 * Reads a portable document into a store.
 *
 * @module
 */
import { systemClock } from '../clock';
import { DEFINITION_KINDS, type DefinitionKind } from '../definition';
import { isObject } from '../json';
import type { JobStore } from '../store';
import type { PortableKind } from './export';
import { type Lines, readDocument } from './format';
import { DefinitionImport } from './import-definitions';
import { JobImport } from './import-jobs';
import type { ImportOptions } from './import-scope';
import { ImportReport, type ImportResult } from './report';

/**
 * Imports the lines of a document: NDJSON or JSON, with or without its header. Each batch of 1,000 items is written whole or not at all,
 * and the same document, imported again, changes nothing. Items that are not valid are left out and told; with `dryRun` all is told and
 * nothing done, so that a caller who wants the whole document or nothing of it asks first.
 *
 * @example
 * ```ts
 * const preview = await importAll(store, lines, { dryRun: true, onConflict: 'replace' });
 * for (const { name, changes } of preview.items) console.log(name, changes);
 * ```
 * @throws ImportFormatError; ImportConflictError with `onConflict: 'fail'`; StoreWriteError. Batches before it are imported.
 */
export async function importAll(store: JobStore, lines: Lines, options: ImportOptions = {}): Promise<ImportResult> {
  const report = new ImportReport();
  const { onConflict: policy = 'skip', dryRun = false, by = 'import', clock = systemClock, kinds } = options;
  const scope = { store, report, options, policy, dryRun, by, now: clock.now() };
  const definitions = new DefinitionImport(scope);
  const jobs = new JobImport(scope);
  for await (const { line, value, fault } of readDocument(lines)) {
    if (!isObject(value)) {
      const issues = [{ path: [], message: fault ?? 'must be an object' }];
      report.add({ line, kind: 'line', state: 'invalid', action: 'skipped', issues });
      continue;
    }
    const { kind = 'job' } = value;
    if (kinds && !kinds.includes(kind as PortableKind)) continue;
    if (kind === 'job') await jobs.add(line, value);
    else if (isDefinitionKind(kind)) await definitions.add(line, kind, value);
    else report.add({ line, kind: String(kind), state: 'unknown', action: 'skipped' });
  }
  await definitions.finish();
  await jobs.finish();
  return report.result(dryRun);
}

function isDefinitionKind(kind: unknown): kind is DefinitionKind {
  return (DEFINITION_KINDS as readonly unknown[]).includes(kind);
}

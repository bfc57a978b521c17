/**
 * Writes what a store holds as a portable document.
 *
 * @module
 */
import { type Clock, systemClock } from '../clock';
import { DEFINITION_KINDS, type DefinitionKind } from '../definition';
import type { Job } from '../job';
import type { JsonObject } from '../json';
import type { JobFilter, JobStore } from '../store';
import { DOCUMENT_FORMAT, DOCUMENT_VERSION, type DocumentStyle, writeDocument } from './format';
import { definitionOf, recordOf } from './portable-job';

/** What a document may hold. */
export type PortableKind = DefinitionKind | 'job';

/** All kinds of items, in the order in which they are written: definitions before the jobs. */
export const PORTABLE_KINDS: readonly PortableKind[] = [...DEFINITION_KINDS, 'job'];

/** What to export, and how. */
export interface ExportOptions {
  /** All by default. */
  kinds?: readonly PortableKind[] | undefined;
  /** Which jobs; all by default. */
  filter?: JobFilter | undefined;
  /** Whole jobs, with their state, result, errors and logs. Left out: what it takes to make them again. */
  history?: boolean | undefined;
  /** `ndjson` by default: a line for each item, so that neither side has to hold them all in memory. */
  style?: DocumentStyle | undefined;
  clock?: Clock | undefined;
}

const PAGE = 1_000;

/**
 * The lines of a document, without their ends, page by page: the memory that it takes does not grow with the number of jobs. Jobs stand
 * in the order of creation, each behind those that it depends on. What changes meanwhile may be in it or not.
 *
 * @example
 * ```ts
 * for await (const line of exportAll(store, { kinds: ['template', 'job'] })) file.write(`${line}\n`);
 * ```
 */
export function exportAll(store: JobStore, options: ExportOptions = {}): AsyncGenerator<string> {
  const { kinds = PORTABLE_KINDS, history = false, style = 'ndjson', clock = systemClock } = options;
  const written = PORTABLE_KINDS.filter((kind) => kinds.includes(kind));
  const created = new Date(clock.now()).toISOString();
  const header = { format: DOCUMENT_FORMAT, version: DOCUMENT_VERSION, created, kinds: written, history } as const;
  return writeDocument(header, itemsOf(store, written, options), style);
}

async function* itemsOf(
  store: JobStore,
  kinds: readonly PortableKind[],
  options: ExportOptions,
): AsyncGenerator<JsonObject> {
  for (const kind of kinds) {
    if (kind === 'job') yield* jobsOf(store, options);
    else for (const { name, value } of await store.definitions(kind)) yield { kind, name, value };
  }
}

async function* jobsOf(store: JobStore, { filter, history = false }: ExportOptions): AsyncGenerator<JsonObject> {
  let cursor: string | undefined;
  do {
    const page = await store.list({
      limit: PAGE,
      ...(filter !== undefined && { filter }),
      ...(cursor !== undefined && { cursor }),
    });
    const gone = history ? new Set<string>() : await missingParents(store, page.jobs);
    for (const job of page.jobs) yield { kind: 'job', ...(history ? recordOf(job) : definitionOf(without(job, gone))) };
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Jobs that have ended may have outlived their parents, and could not be made again with them. */
async function missingParents(store: JobStore, jobs: readonly Job[]): Promise<Set<string>> {
  const parents = [...new Set(jobs.flatMap(({ dependsOn = [] }) => dependsOn))];
  const found = await store.get(parents);
  return new Set(parents.filter((_, i) => found[i] === null));
}

function without(job: Job, gone: ReadonlySet<string>): Job {
  const { dependsOn, onParentFailed, ...rest } = job;
  const left = dependsOn?.filter((id) => !gone.has(id)) ?? [];
  return left.length === 0 ? rest : { ...rest, dependsOn: left, ...(onParentFailed && { onParentFailed }) };
}

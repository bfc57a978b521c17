/**
 * What an import did, or would do.
 *
 * @module
 */
import type { Issue } from '../errors';
import type { FieldChange } from './diff';

/**
 * How an item of a document compares with what is there:
 * - `new`: nothing of this id or name is there;
 * - `same`: it is there and says the same;
 * - `different`: it is there and says something else;
 * - `conflict`: another job holds its key, or it would replace a job that runs;
 * - `invalid`: it is no job or definition;
 * - `unknown`: it is of a kind that this version does not know.
 */
export const IMPORT_STATES = ['new', 'same', 'different', 'conflict', 'invalid', 'unknown'] as const;

/** One of {@link IMPORT_STATES}. */
export type ImportState = (typeof IMPORT_STATES)[number];

/** What becomes of an item. */
export type ImportAction = 'added' | 'replaced' | 'renamed' | 'skipped';

/** How many items of one kind there are in each state, and what became of them. */
export type ImportCounts = Record<ImportState | ImportAction, number>;

/** One item that is not simply added, and not simply there. */
export interface ImportItem {
  /** Its line; in a document of JSON its place in `items`, from 1. */
  line: number;
  /** `job`, a kind of definition, or whatever stands there. */
  kind: string;
  /** Id of a job, name of a definition, where it has one. */
  name?: string;
  state: ImportState;
  action: ImportAction;
  /** The id or name that it got instead. */
  renamedTo?: string;
  /** `different`: what would change in what is there, the first fields. */
  changes?: FieldChange[];
  /** `invalid`: what is wrong. */
  issues?: Issue[];
  /** `conflict`: with what. */
  reason?: string;
}

/** What an import did, or with `dryRun` would do. */
export interface ImportResult {
  dryRun: boolean;
  /** By kind, in the order of the document. */
  kinds: Record<string, ImportCounts>;
  /** The items that are neither `new` nor `same`, and those that were renamed: the first 1,000, by line. */
  items: ImportItem[];
}

const MAX_ITEMS = 1_000;

/** Adds items up. */
export class ImportReport {
  private readonly kinds = new Map<string, ImportCounts>();
  private readonly items: ImportItem[] = [];

  add(item: ImportItem): void {
    const counts = this.kinds.get(item.kind) ?? nothing();
    this.kinds.set(item.kind, counts);
    counts[item.state]++;
    counts[item.action]++;
    const isPlain = (item.state === 'new' || item.state === 'same') && item.action !== 'renamed';
    if (!isPlain && this.items.length < MAX_ITEMS) this.items.push(item);
  }

  result(dryRun: boolean): ImportResult {
    const items = this.items.sort((a, b) => a.line - b.line);
    return { dryRun, kinds: Object.fromEntries(this.kinds), items };
  }
}

function nothing(): ImportCounts {
  const names = [...IMPORT_STATES, 'added', 'replaced', 'renamed', 'skipped'] as const;
  return Object.fromEntries(names.map((name) => [name, 0])) as ImportCounts;
}

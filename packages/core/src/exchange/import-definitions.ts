/**
 * Imports definitions: schedules, templates and whatever else a store keeps beside its jobs.
 *
 * @module
 */
import type { DefinitionChange, DefinitionKind } from '../definition';
import { faultsOfDefinition } from '../engine/decide-define';
import { isSafeId } from '../engine/safe-id';
import { ImportConflictError, type Issue } from '../errors';
import type { Json } from '../job';
import type { JsonObject } from '../json';
import { diff } from './diff';
import { BATCH_CHARACTERS, BATCH_ITEMS, type ImportScope } from './import-scope';
import { renamed } from './names';
import type { ImportItem } from './report';

const FIELDS = ['kind', 'name', 'value'];

/** See the module. */
export class DefinitionImport {
  /** The values that are there, or will be, by kind and name. */
  private readonly known = new Map<DefinitionKind, Map<string, Json>>();
  private changes: DefinitionChange[] = [];
  private items: ImportItem[] = [];
  private size = 0;

  constructor(private readonly scope: ImportScope) {}

  /** Takes an item in; it is written with its batch. */
  async add(line: number, kind: DefinitionKind, raw: JsonObject): Promise<void> {
    const { name, value } = raw;
    const item = { line, kind, ...(typeof name === 'string' && { name }) };
    const issues = faultsOf(raw, kind);
    if (issues.length > 0) {
      this.scope.report.add({ ...item, state: 'invalid', action: 'skipped', issues });
      return;
    }
    await this.compare(item, kind, name as string, value as Json);
    if (this.changes.length >= BATCH_ITEMS || this.size >= BATCH_CHARACTERS) await this.finish();
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    const { store, report, dryRun, by } = this.scope;
    if (!dryRun && this.changes.length > 0) await store.define(this.changes, { by });
    for (const item of this.items) report.add(item);
    this.changes = [];
    this.items = [];
    this.size = 0;
  }

  private async compare(
    item: Omit<ImportItem, 'state' | 'action'>,
    kind: DefinitionKind,
    name: string,
    given: Json,
  ): Promise<void> {
    const known = await this.knownOf(kind);
    const value = this.toBe(kind, given);
    const changes = diff(known.get(name), value);
    const isThere = (as: string): boolean => [given, value].some((wanted) => diff(known.get(as), wanted).length === 0);
    if (!known.has(name)) this.set({ ...item, state: 'new', action: 'added' }, kind, name, value);
    else if (isThere(name)) this.items.push({ ...item, state: 'same', action: 'skipped' });
    else {
      const different = { ...item, state: 'different', changes } as const;
      const other = renamed(name, given);
      const { policy } = this.scope;
      if (policy === 'fail') throw new ImportConflictError(kind, name, 'another one of this name is there');
      if (policy === 'replace') this.set({ ...different, action: 'replaced' }, kind, name, value);
      else if (policy === 'skip') this.items.push({ ...different, action: 'skipped' });
      // Renamed by an import before this one.
      else if (isThere(other)) {
        this.items.push({ ...item, state: 'same', action: 'skipped', renamedTo: other });
      } else this.set({ ...different, action: 'renamed', renamedTo: other }, kind, other, value);
    }
  }

  /** The value of the document as it is to be in the store. */
  private toBe(kind: DefinitionKind, given: Json): Json {
    return kind === 'schedule' && this.scope.options.pauseSchedules
      ? { ...(given as JsonObject), paused: true }
      : given;
  }

  private set(item: ImportItem, kind: DefinitionKind, name: string, value: Json): void {
    this.known.get(kind)?.set(name, value);
    this.items.push(item);
    this.changes.push({ kind, name, value });
    this.size += JSON.stringify(value).length;
  }

  private async knownOf(kind: DefinitionKind): Promise<Map<string, Json>> {
    const known = this.known.get(kind);
    if (known) return known;
    const there = await this.scope.store.definitions(kind);
    const values = new Map(there.map(({ name, value }) => [name, value]));
    this.known.set(kind, values);
    return values;
  }
}

function faultsOf(raw: JsonObject, kind: DefinitionKind): Issue[] {
  const { name, value } = raw;
  const issues = Object.keys(raw)
    .filter((key) => !FIELDS.includes(key))
    .map((key): Issue => ({ path: [key], message: `is unknown; there are ${FIELDS.join(', ')}` }));
  if (!isSafeId(name)) {
    issues.push({
      path: ['name'],
      message: 'must be 1 to 128 of the characters a-z 0-9 . _ -, the first a letter or digit',
    });
  }
  // Null would remove what is there.
  if (value === undefined || value === null) issues.push({ path: ['value'], message: 'is missing' });
  else
    issues.push(
      ...faultsOfDefinition(kind, value, String(name)).map(({ path, message }) => ({
        path: ['value', ...path],
        message,
      })),
    );
  return issues;
}

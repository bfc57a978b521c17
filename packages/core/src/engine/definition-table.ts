/** The definitions of a store. */
import type { Definition, DefinitionKind } from '../definition';
import type { Json } from '../job';
import type { StoreRecord } from './records';
import { isoOf } from './time';

/** A definition as the index keeps it. Times are epoch milliseconds. */
export interface StoredDefinition {
  kind: DefinitionKind;
  name: string;
  value: Json;
  /** The value's JSON. */
  text: string;
  rev: number;
  created: number;
  updated: number;
  /** Number of the newest record that changed it: a replay over a newer snapshot skips older ones. */
  lastSeq: number;
}

/** See the file. */
export class DefinitionTable {
  private readonly byKind = new Map<DefinitionKind, Map<string, StoredDefinition>>();
  /** Called after each change, and once for each definition that a snapshot brought. */
  onChanged: ((kind: DefinitionKind, name: string) => void) | undefined;

  /** The one of this kind and name, if there is one. */
  get(kind: DefinitionKind, name: string): StoredDefinition | undefined {
    return this.byKind.get(kind)?.get(name);
  }

  /** Those of one kind, by name. */
  of(kind: DefinitionKind): StoredDefinition[] {
    const all = [...(this.byKind.get(kind)?.values() ?? [])];
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Those of all kinds, of those too that only a newer version knows. */
  *all(): IterableIterator<StoredDefinition> {
    for (const kind of [...this.byKind.keys()].sort()) yield* this.of(kind);
  }

  /** As the API shows them. */
  list(kind?: DefinitionKind): Definition[] {
    const stored = kind === undefined ? [...this.all()] : this.of(kind);
    return stored.map(({ kind, name, text, rev, created, updated }) => ({
      kind,
      name,
      // Of the caller's own: what it changes in it changes nothing here.
      value: JSON.parse(text) as Json,
      rev,
      created: isoOf(created),
      updated: isoOf(updated),
    }));
  }

  /** Takes in a record that sets or removes one. */
  apply({ kind, name, body, seq, at }: Extract<StoreRecord, { op: 'define' }>): void {
    const before = this.get(kind, name);
    if (before && seq <= before.lastSeq) return;
    if (body !== '') {
      const { created = at, rev = 0 } = before ?? {};
      const value = JSON.parse(body) as Json;
      this.put({ kind, name, value, text: body, rev: rev + 1, created, updated: at, lastSeq: seq });
    } else if (this.byKind.get(kind)?.delete(name)) this.onChanged?.(kind, name);
  }

  /** Takes in one of a snapshot. */
  put(definition: StoredDefinition): void {
    const { kind, name } = definition;
    const sameKind = this.byKind.get(kind);
    if (sameKind) sameKind.set(name, definition);
    else this.byKind.set(kind, new Map([[name, definition]]));
    this.onChanged?.(kind, name);
  }
}

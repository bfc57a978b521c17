/**
 * The definitions of one kind, as a queue hands them out.
 *
 * @module
 */
import type { Definition, DefinitionKind } from './definition';
import type { Json } from './job';
import type { JobStore } from './store';

/**
 * Sets, reads and removes definitions of one kind. What is set here counts for every program on the store, and is one readable file on
 * disk.
 *
 * @example
 * ```ts
 * await queue.limits.set('one-per-host', { types: ['download'], by: 'group', concurrency: 1 });
 * ```
 */
export class DefinitionSet<Value extends object> {
  readonly #store: JobStore;
  readonly #kind: DefinitionKind;

  constructor(store: JobStore, kind: DefinitionKind) {
    this.#store = store;
    this.#kind = kind;
  }

  /**
   * Sets one, in place of the one of this name if there is one.
   * @param options `by`: who does it, for the audit trail.
   * @throws ValidationError with the path of each fault: `value.concurrency`; StoreWriteError
   */
  set(name: string, value: Value, options?: { by?: string }): Promise<void> {
    return this.#store.define([{ kind: this.#kind, name, value: value as unknown as Json }], options);
  }

  /** The one of this name; `null` when there is none. */
  async get(name: string): Promise<Definition<Value> | null> {
    return (await this.list()).find((definition) => definition.name === name) ?? null;
  }

  /** All, by name. */
  async list(): Promise<Definition<Value>[]> {
    return (await this.#store.definitions(this.#kind)) as Definition<unknown>[] as Definition<Value>[];
  }

  /** Removes the one of this name, if there is one. */
  remove(name: string, options?: { by?: string }): Promise<void> {
    return this.#store.define([{ kind: this.#kind, name, value: null }], options);
  }
}

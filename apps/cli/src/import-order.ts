/**
 * In which order imported jobs are added, and under which ids.
 *
 * @module
 */
import { CycleError } from '@leviathan/core';
import { UsageError } from './errors';
import type { Definition } from './parse/job-options';

/** Jobs per call: a bound on memory and on the size of one write. */
const BATCH = 1000;

/**
 * Splits jobs into batches, each job after those it depends on, otherwise in the given order.
 * @throws CycleError when that is impossible
 */
export function batches(definitions: readonly Definition[], size = BATCH): Definition[][] {
  const byId = new Map(
    definitions.flatMap((definition) =>
      definition.options.id === undefined ? [] : [[definition.options.id, definition]],
    ),
  );
  const state = new Map<Definition, 'open' | 'done'>();
  const ordered: Definition[] = [];
  for (const start of definitions) {
    // Depth first without recursion: a chain may be longer than the call stack.
    const path: { definition: Definition; parents: Definition[] }[] = [];
    const enter = (definition: Definition): void => {
      state.set(definition, 'open');
      path.push({ definition, parents: (definition.options.dependsOn ?? []).flatMap((id) => byId.get(id) ?? []) });
    };
    if (!state.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const parent = top.parents.shift();
      if (parent === undefined) {
        state.set(top.definition, 'done');
        ordered.push(top.definition);
        path.pop();
      } else if (state.get(parent) === 'open') {
        const ids = path.map(({ definition }) => definition.options.id ?? '');
        throw new CycleError([...ids.slice(ids.indexOf(parent.options.id ?? '')), parent.options.id ?? '']);
      } else if (!state.has(parent)) {
        enter(parent);
      }
    }
  }
  const result: Definition[][] = [];
  for (let i = 0; i < ordered.length; i += size) result.push(ordered.slice(i, i + size));
  return result;
}

/**
 * Takes the ids away, and gives new ones to jobs that others depend on.
 * @throws UsageError when two jobs have one id
 */
export async function withNewIds(definitions: readonly Definition[]): Promise<Definition[]> {
  const { randomUUID } = await import('node:crypto');
  const fresh = new Map<string, string>();
  for (const { options } of definitions) {
    if (options.id === undefined) continue;
    if (fresh.has(options.id)) throw new UsageError(`Two jobs have the id ${JSON.stringify(options.id)}.`);
    fresh.set(options.id, `import_${randomUUID()}`);
  }
  return definitions.map((definition) => {
    const { id, dependsOn, ...options } = definition.options;
    return {
      ...definition,
      options: {
        ...options,
        ...(id !== undefined && { id: fresh.get(id) as string }),
        // A parent that is not in the file keeps its id: it may be in the store.
        ...(dependsOn !== undefined && { dependsOn: dependsOn.map((parent) => fresh.get(parent) ?? parent) }),
      },
    };
  });
}

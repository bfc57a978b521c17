/**
 * Whether new data fits the pending jobs that it is for.
 *
 * @module
 */
import { ValidationError } from './errors';
import type { Json } from './job';
import type { ProcessorRegistry } from './processor-registry';
import { type ChangeTarget, toTarget } from './queue-target';
import { check } from './schema';
import type { JobStore } from './store';

/** @throws ValidationError when the data does not fit the schema of a type among the pending jobs of the target. */
export async function checkNewData(
  store: JobStore,
  registry: ProcessorRegistry,
  target: ChangeTarget,
  data: Json,
): Promise<void> {
  for (const type of await pendingTypes(store, registry.types(), target)) {
    const processor = registry.get(type);
    const { issues } = processor ? await check(processor.input, data, ['data']) : {};
    if (issues) throw new ValidationError(`The new data of a job of type ${JSON.stringify(type)}`, issues);
  }
}

/** Which of the known types are among the pending jobs of the target. */
async function pendingTypes(store: JobStore, known: string[], target: ChangeTarget): Promise<string[]> {
  const wanted = toTarget(target);
  if ('ids' in wanted) {
    const jobs = await store.get(wanted.ids);
    const types = new Set(jobs.map((job) => (job?.status === 'pending' ? job.type : undefined)));
    return known.filter((type) => types.has(type));
  }
  const { type: types, status = 'pending', ...filter } = wanted.filter;
  if (!listOf(status).includes('pending')) return [];
  const candidates = types === undefined ? known : known.filter((type) => listOf(types).includes(type));
  const pages = await Promise.all(
    candidates.map((type) => store.list({ filter: { ...filter, type, status: 'pending' }, limit: 1 })),
  );
  return candidates.filter((_, i) => (pages[i]?.jobs.length ?? 0) > 0);
}

function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

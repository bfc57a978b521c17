/**
 * The processors that the command brings along, and those that a caller names with `--processors`.
 *
 * @module
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyProcessor, Service } from '@leviathan/core';
import { UsageError } from './errors';

/** Types that the command can run by itself, each with the field that a bare argument of `add` fills. */
export const BUILT_IN: Readonly<Record<string, { mainField: string }>> = { download: { mainField: 'url' } };

/** Processors, and the services that they live on. */
export interface Loaded {
  processors: AnyProcessor[];
  services: Service[];
}

/**
 * Loads the built-in processors and those of the given modules, whose default export is a processor or a list of them.
 * @throws UsageError when a module cannot be loaded or exports something else, or two processors have one type
 */
export async function loadProcessors(files: readonly string[] = [], cwd: string): Promise<Loaded> {
  const { downloads } = await import('@leviathan/processors-download');
  const { processor, service } = downloads();
  const own = (await Promise.all(files.map((file) => loadFile(resolve(cwd, file), file)))).flat();
  const types = own.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice !== undefined)
    throw new UsageError(`Two processors of --processors have the type ${JSON.stringify(twice)}.`);
  // The caller's own processor of a built-in type takes its place.
  const builtIn = types.includes(processor.type) ? [] : [processor];
  return { processors: [...builtIn, ...own], services: builtIn.length > 0 ? [service] : [] };
}

async function loadFile(path: string, name: string): Promise<AnyProcessor[]> {
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new UsageError(`Cannot load --processors ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const list: unknown[] = Array.isArray(exported) ? exported : [exported];
  if (list.length === 0 || !list.every(isProcessor)) {
    throw new UsageError(
      `The default export of ${name} is not a processor, nor a list of processors.`,
      'A module for --processors ends with: export default defineProcessor({ type, input, run }).',
    );
  }
  return list;
}

function isProcessor(value: unknown): value is AnyProcessor {
  if (typeof value !== 'object' || value === null) return false;
  const { type, run, input } = value as Partial<AnyProcessor>;
  return typeof type === 'string' && typeof run === 'function' && input !== undefined;
}

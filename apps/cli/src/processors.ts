/**
 * What the command can run: the processors that it brings along, those of plugins, and those that a caller names with `--processors`.
 *
 * @module
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyProcessor, Plugin, Service } from '@leviathan/core';
import { UsageError } from './errors';
import type { Session } from './session';

/** Types that the command can run by itself, each with the field that a bare argument of `add` fills. */
export const BUILT_IN: Readonly<Record<string, { mainField: string }>> = { download: { mainField: 'url' } };

/** Processors, and what goes along with them. */
export interface Loaded {
  /** All of them, those of plugins too. */
  processors: AnyProcessor[];
  /** What the built-in processors live on. */
  services: Service[];
  /** Plugins without their processors: what else they contribute. */
  plugins: Plugin[];
}

/**
 * Loads the processors of the given modules, whose default export is a processor or a list of them, the configuration's plugins, and the
 * built-in processors. Of several with one type the first of these counts: who comes closer to the call wins.
 * @throws ConfigError; UsageError when a module cannot be loaded or exports something else, or two processors have one type
 */
export async function loadProcessors(session: Session, files: readonly string[] = []): Promise<Loaded> {
  const { downloads } = await import('@leviathan/processors-download');
  const { processor, service } = downloads();
  const { cwd } = session.io;
  const own = (await Promise.all(files.map((file) => loadFile(resolve(cwd, file), file)))).flat();
  const types = own.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice !== undefined)
    throw new UsageError(`Two processors of --processors have the type ${JSON.stringify(twice)}.`);
  const plugins = (await session.plugins()).plugins.map(({ plugin }) => plugin);
  const contributed = plugins.flatMap((plugin) => plugin.processors ?? []).filter(({ type }) => !types.includes(type));
  const taken = [...own, ...contributed].some(({ type }) => type === processor.type);
  return {
    processors: [...(taken ? [] : [processor]), ...contributed, ...own],
    services: taken ? [] : [service],
    plugins: plugins.map(({ processors: _among, ...rest }) => rest),
  };
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

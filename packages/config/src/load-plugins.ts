/**
 * From the entries of a configuration to plugins.
 *
 * @module
 */
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assertPlugin, type Plugin } from '@leviathan/core';
import type { PluginEntry, PluginFactory } from './config';
import { PluginError } from './errors';
import { importDefault, resolvePackage } from './import-module';

/** A plugin, and how the configuration names it. */
export interface LoadedPlugin {
  source: string;
  plugin: Plugin;
}

/** What became of the entries. */
export interface LoadedPlugins {
  /** In the order of the entries. */
  plugins: LoadedPlugin[];
  /** Those that were skipped, each with its reason. */
  failed: PluginError[];
}

/**
 * Loads plugins, one after the other. One that is missing, throws, is no plugin, or clashes with one before it (by name, type of job or service)
 * is skipped and told of; the others are not affected.
 *
 * @param entries `plugins` of a configuration
 * @param options `from`: absolute path of the file that names them: paths are seen from its folder, packages looked up from there.
 */
export async function loadPlugins(entries: readonly PluginEntry[], { from }: { from: string }): Promise<LoadedPlugins> {
  const plugins: LoadedPlugin[] = [];
  const failed: PluginError[] = [];
  for (const [index, entry] of entries.entries()) {
    const [named, options] = isPair(entry) ? entry : [entry, undefined];
    const source = typeof named === 'string' ? named : `plugins[${index}]`;
    try {
      const plugin = typeof named === 'string' ? await load(named, options, from) : named;
      const others = plugins.map((loaded) => loaded.plugin);
      plugins.push({ source, plugin: checked(plugin, others) });
    } catch (error) {
      const { message, cause } = error as Skip;
      failed.push(new PluginError(source, message, { cause }));
    }
  }
  return { plugins, failed };
}

/** Why a plugin is skipped. */
class Skip extends Error {}

async function load(name: string, options: unknown, from: string): Promise<unknown> {
  const path = await locate(name, from);
  const exported = await step('it cannot be loaded', () => importDefault(path));
  if (typeof exported === 'function') {
    return step('it cannot be made from its options', () => (exported as PluginFactory)(options ?? {}));
  }
  if (exported === undefined) throw new Skip('it has no default export.');
  if (options !== undefined) throw new Skip('it takes no options: its default export is not a function.');
  return exported;
}

async function locate(name: string, from: string): Promise<string> {
  if (name.startsWith('file:')) return fileURLToPath(name);
  if (/^\.{1,2}[\\/]/.test(name) || isAbsolute(name)) return resolve(from, '..', name);
  const found = await step('it cannot be found', () => resolvePackage(name, from));
  if (found === undefined) throw new Skip(`there is no package of this name where ${from} is. Is it installed?`);
  return found.startsWith('file:') ? fileURLToPath(found) : found;
}

/** One step of loading; what goes wrong in it says so. */
async function step<T>(what: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new Skip(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function checked(plugin: unknown, others: readonly Plugin[]): Plugin {
  try {
    assertPlugin(plugin, others);
    return plugin;
  } catch (cause) {
    throw new Skip((cause as Error).message.replace(/^The/, 'the'), { cause });
  }
}

function isPair(entry: PluginEntry): entry is readonly [string, unknown] {
  return Array.isArray(entry);
}

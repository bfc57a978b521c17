/**
 * The handler of a processor that names a module, in this program.
 *
 * @module
 */
import { ModuleLoadError } from './errors';

/**
 * Imports a module and picks the handler. Only tests run it here; see `runJob`.
 * @throws ModuleLoadError
 */
export async function importHandler(module: URL | string, name = 'default'): Promise<(ctx: never) => unknown> {
  let exports: Record<string, unknown>;
  try {
    exports = await import(/* @vite-ignore */ String(module));
  } catch (cause) {
    throw new ModuleLoadError(String(module), cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const handler = exports[name];
  if (typeof handler !== 'function') throw new ModuleLoadError(String(module), `it exports no function ${name}`);
  return handler as (ctx: never) => unknown;
}

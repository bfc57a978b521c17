/**
 * The handler of a job, from its module.
 *
 * @module
 */
import type { JobContext } from '@leviathan/core';

/** What a module exports for its jobs. */
export type Handler = (context: JobContext) => unknown;

/**
 * Imports the module, once, and picks the handler.
 * @throws Error with the code `MODULE` when that cannot be done.
 */
export async function loadHandler(module: string, name: string): Promise<Handler> {
  const exports = await load(module);
  const handler = exports[name];
  if (typeof handler === 'function') return handler as Handler;
  const names = Object.keys(exports).join(', ') || 'nothing';
  throw unusable(module, `it exports no function ${name} (it exports: ${names})`);
}

async function load(module: string): Promise<Record<string, unknown>> {
  try {
    return await import(module);
  } catch (error) {
    if (codeOf(error) !== 'ERR_UNKNOWN_FILE_EXTENSION') throw unusable(module, messageOf(error), error);
  }
  // TypeScript, which this Node does not run and nobody has taught it to.
  await registerTsx(module);
  try {
    // Under another URL: the engine remembers that it could not load this one.
    return await import(`${module}?tsx`);
  } catch (error) {
    throw unusable(module, messageOf(error), error);
  }
}

async function registerTsx(module: string): Promise<void> {
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    throw unusable(
      module,
      'it is TypeScript, which this version of Node does not run: install tsx, or compile it',
      error,
    );
  }
}

function unusable(module: string, why: string, cause?: unknown): Error {
  const error = new Error(`The module ${module} cannot be used: ${why}.`, cause === undefined ? {} : { cause });
  return Object.assign(error, { name: 'ModuleLoadError', code: 'MODULE' });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Middleware around handlers.
 *
 * @module
 */
import type { JobContext } from '../processor';
import { type NamedLayer, onion } from './middleware';

/** Calls a handler, wherever it runs. */
export type Handle = (ctx: JobContext) => unknown;

/** Calls handlers through layers. The schemas stay outside: input is checked before, the result after them. */
export function runThrough(
  layers: readonly NamedLayer<'run'>[],
): (ctx: JobContext, handle: Handle) => Promise<unknown> {
  return (ctx, handle) => onion('run', layers, async (passed: JobContext): Promise<unknown> => handle(passed))(ctx);
}

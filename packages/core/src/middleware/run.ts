/**
 * Middleware around handlers.
 *
 * @module
 */
import type { AnyProcessor, JobContext } from '../processor';
import { ProcessorRegistry } from '../processor-registry';
import { layersOf, type Middleware, type NamedLayer, onion } from './middleware';

/** The processors as a worker runs them: with the middleware around their handlers, if there is some. */
export function registryOf(
  processors: readonly AnyProcessor[] | ProcessorRegistry,
  middleware: readonly Middleware[] | undefined,
): ProcessorRegistry {
  const layers = layersOf(middleware, 'run');
  if (layers) return new ProcessorRegistry([...processors].map((processor) => runThrough(layers, processor)));
  return processors instanceof ProcessorRegistry ? processors : new ProcessorRegistry(processors);
}

/** The same processor with layers around its handler. Its schemas stay outside: input is checked before, the result after them. */
function runThrough(layers: readonly NamedLayer<'run'>[], processor: AnyProcessor): AnyProcessor {
  const run = onion('run', layers, async (ctx: JobContext): Promise<unknown> => processor.run(ctx));
  return { ...processor, run };
}

/**
 * What one package or file contributes to a program: processors, services, templates, hooks and middleware.
 *
 * @module
 */
import type { QueueEventMap, QueueListener } from './events';
import type { Processors } from './job-types';
import { MIDDLEWARE_STEPS, type Middleware } from './middleware/middleware';
import { manifestOf, type ProcessorManifest } from './processor-registry';
import type { Service } from './service';
import type { Template } from './template/template';

/** Listeners by the kind of event, as for {@link Queue.on}: they hear of changes and cannot alter an outcome. */
export type Hooks = { readonly [K in keyof QueueEventMap]?: QueueListener<K> };

/** A plugin: made by {@link definePlugin}. */
export interface Plugin<P extends Processors = Processors> {
  /** Unique among the plugins of a program; its package's name, for one that is published. */
  readonly name: string;
  readonly version?: string;
  /** One sentence for people. */
  readonly description?: string;
  readonly processors?: P;
  /** Started with the program's own, after them. */
  readonly services?: readonly Service[];
  /** By name. Put into the store when the program starts, those of which it has none: what somebody changed there stays. */
  readonly templates?: Readonly<Record<string, Template>>;
  /** Called from the start to the stop of the program, for the jobs of the whole store. One that throws is reported as `error` of the queue. */
  readonly hooks?: Hooks;
  readonly middleware?: Middleware;
}

/** A list that holds the processors of `P`, and those that the plugins of `G` bring. */
export type WithPlugins<P extends Processors, G extends readonly Plugin[]> = readonly (
  | P[number]
  | ProcessorOf<G[number]>
)[];

type ProcessorOf<G> = G extends { readonly processors?: infer P } ? Extract<NonNullable<P>, Processors>[number] : never;

/** What people and other programs may know of a plugin; plain JSON. */
export interface PluginManifest {
  name: string;
  version?: string;
  description?: string;
  processors: ProcessorManifest[];
  /** Names of its services. */
  services: string[];
  /** Names of its templates. */
  templates: string[];
  /** Kinds of events that it listens to. */
  hooks: string[];
  /** Steps that it stands around. */
  middleware: string[];
}

/**
 * Defines a plugin; the types of its jobs reach the calls of a `Leviathan` that is given it.
 *
 * @example
 * ```ts
 * export default definePlugin({
 *   name: 'leviathan-plugin-images',
 *   version: '1.0.0',
 *   processors: [resize],
 *   hooks: { failed: ({ id, error }) => console.error(id, error) },
 *   middleware: {
 *     async run({ job }, next) {
 *       const started = performance.now();
 *       try {
 *         return await next();
 *       } finally {
 *         console.log(job.type, performance.now() - started);
 *       }
 *     },
 *   },
 * });
 * ```
 */
export function definePlugin<const P extends Processors = readonly []>(plugin: Plugin<P>): Plugin<P> {
  return plugin;
}

/** What a plugin is, as plain JSON. */
export function pluginManifest(plugin: Plugin): PluginManifest {
  const {
    name,
    version,
    description,
    processors = [],
    services = [],
    templates = {},
    hooks = {},
    middleware = {},
  } = plugin;
  return {
    name,
    ...(version !== undefined && { version }),
    ...(description !== undefined && { description }),
    processors: processors.map(manifestOf),
    services: services.map((service) => service.name),
    templates: Object.keys(templates),
    hooks: Object.keys(hooks),
    middleware: MIDDLEWARE_STEPS.filter((step) => middleware[step] !== undefined),
  };
}

/** The middleware of a plugin, if it has some, with its name for messages: for a `Queue` or a `Worker` without a `Leviathan`. */
export function pluginMiddleware({ name, middleware }: Plugin): Middleware[] {
  if (!middleware) return [];
  const steps = MIDDLEWARE_STEPS.filter((step) => middleware[step]);
  // Bound, not copied: the functions may be methods of a class.
  return [{ name, ...Object.fromEntries(steps.map((step) => [step, middleware[step]?.bind(middleware)])) }];
}

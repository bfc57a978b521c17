/**
 * What a configuration file may say.
 *
 * @module
 */
import type { Plugin } from '@leviathan/core';

/** Makes a plugin out of the options that a configuration gives for it. */
export type PluginFactory<Options = unknown> = (options: Options) => Plugin | Promise<Plugin>;

/**
 * One plugin: the name of an npm package; the path of a file, beginning with `./`, `../` or `/`, seen from the configuration's folder; either of
 * them with options; or the plugin itself. What is named exports the plugin as its default, or a function that makes it from the options.
 */
export type PluginEntry = string | readonly [name: string, options: unknown] | Plugin;

/** How long finished jobs of one kind stay in their folder. */
export interface RetentionConfig {
  /** Milliseconds. */
  age?: number;
  /** Jobs. */
  count?: number;
  /** Bytes of JSON. */
  bytes?: number;
}

/** Options of the store on files; each one's default, and what it costs, is told at `FsStoreOptions` of `@leviathan/fs-store`. */
export interface StoreConfig {
  durability?: 'power' | 'process';
  retention?: { completed?: RetentionConfig; failed?: RetentionConfig };
  audit?: { days?: number; bytes?: number };
  pendingFiles?: number;
  maxJobBytes?: number;
  memoryBytes?: number;
  snapshotBytes?: number;
  segmentBytes?: number;
  /** Milliseconds. */
  patience?: number;
}

/** Settings of the worker; see `WorkerSettings` of `@leviathan/core`. */
export interface WorkerConfig {
  /** Jobs that run at once. */
  concurrency?: number;
  maxUnacknowledged?: number;
  /** Milliseconds. */
  stuckAfter?: number;
}

/** The default export of `leviathan.config.ts`, or the content of `leviathan.config.json`; everything in it is optional. */
export interface LeviathanConfig {
  /** The folder of the jobs, seen from the configuration's folder. */
  root?: string;
  store?: StoreConfig;
  worker?: WorkerConfig;
  /** Loaded in this order; of their middleware, that of the first one is the outermost. */
  plugins?: readonly PluginEntry[];
}

/**
 * Gives a configuration its type; does nothing else.
 *
 * @example
 * ```ts
 * // leviathan.config.ts
 * import { defineConfig } from '@leviathan/config';
 *
 * export default defineConfig({
 *   root: './jobs',
 *   worker: { concurrency: 4 },
 *   plugins: ['leviathan-plugin-images', ['./plugins/mail.ts', { from: 'me@example.org' }]],
 * });
 * ```
 */
export function defineConfig(config: LeviathanConfig): LeviathanConfig {
  return config;
}

/**
 * Reads `leviathan.config.ts`, `.js` or `.json`, and loads the plugins that it names.
 *
 * @module
 */
export {
  defineConfig,
  type LeviathanConfig,
  type PluginEntry,
  type PluginFactory,
  type RetentionConfig,
  type StoreConfig,
  type WorkerConfig,
} from './config';
export { ConfigError, PluginError } from './errors';
export { CONFIG_FILES, findConfig } from './find-config';
export { type LoadConfigOptions, type LoadedConfig, loadConfig } from './load-config';
export { type LoadedPlugin, type LoadedPlugins, loadPlugins } from './load-plugins';

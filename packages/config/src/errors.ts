/**
 * What can be wrong with a configuration.
 *
 * @module
 */
import { LeviathanError } from '@leviathan/core';

/**
 * The configuration file is missing, cannot be loaded, is not valid, or belongs to somebody else. Thrown by `loadConfig`: correct the file,
 * or go without it. `cause` is what the file threw.
 */
export class ConfigError extends LeviathanError {
  /** Absolute path of the file. */
  readonly file: string;

  constructor(file: string, message: string, options?: { cause?: unknown }) {
    super('CONFIG', `${file} ${message}`, options);
    this.file = file;
  }
}

/**
 * A plugin was skipped; `reason` says why, `cause` is what it threw. Never thrown: `loadPlugins` returns it beside the plugins that loaded.
 */
export class PluginError extends LeviathanError {
  /** The plugin, as the configuration names it. */
  readonly source: string;
  readonly reason: string;

  constructor(source: string, reason: string, options?: { cause?: unknown }) {
    super('PLUGIN', `The plugin ${source} was skipped: ${reason}`, options);
    this.source = source;
    this.reason = reason;
  }
}

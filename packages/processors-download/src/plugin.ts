/**
 * Downloads as a plugin: `plugins: ['@leviathan/processors-download']` in a configuration.
 *
 * @module
 */
import { definePlugin } from '@leviathan/core';
import { description, name, version } from '../package.json';
import { downloads } from './downloads';
import type { DownloadsOptions } from './service';

/** What a configuration may say of downloads; plain JSON. */
export type DownloadPluginOptions = Omit<DownloadsOptions, 'clock'>;

/**
 * The download processor and the service that owns its connections.
 *
 * @example
 * ```json
 * { "plugins": [["@leviathan/processors-download", { "directory": "downloads", "concurrency": 2 }]] }
 * ```
 */
export default function plugin(options: DownloadPluginOptions = {}) {
  const { processor, service } = downloads(options);
  return definePlugin({ name, version, description, processors: [processor], services: [service] });
}

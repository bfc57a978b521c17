/** `leviathan plugins` @module */
import type { LoadedPlugin } from '@leviathan/config';
import type { PluginManifest } from '@leviathan/core';
import { EXIT } from '../exit-codes';
import { oneLine } from '../format/safe';
import { table } from '../format/table';
import { count } from '../format/text';
import type { Session } from '../session';

const COLUMNS = [
  { title: 'PLUGIN', min: 10 },
  { title: 'VERSION', drop: 3 },
  { title: 'JOB TYPES', min: 10 },
  { title: 'ALSO', min: 8, drop: 2 },
  { title: 'FROM', min: 10, drop: 1 },
];

export async function run(session: Session): Promise<number> {
  const { pluginManifest } = await import('@leviathan/core');
  const configuration = await session.configuration();
  const { plugins, failed } = await session.plugins();
  const manifests = plugins.map(({ source, plugin }) => ({ source, ...pluginManifest(plugin) }));
  const { out } = session;
  if (out.json) {
    const skipped = failed.map(({ source, reason }) => ({ source, reason }));
    await out.value({ config: configuration?.file ?? null, plugins: manifests, failed: skipped });
  } else {
    if (manifests.length > 0) await out.lines(table(COLUMNS, manifests.map(row), out.columns, out.colors.dim));
    const where = configuration === undefined ? 'There is no configuration here' : oneLine(configuration.file);
    out.note(`${where}: ${count(manifests.length, 'plugin')}${failed.length > 0 ? `, ${failed.length} skipped` : ''}.`);
  }
  return failed.length > 0 ? EXIT.failure : EXIT.ok;
}

function row(manifest: PluginManifest & Pick<LoadedPlugin, 'source'>): string[] {
  const { name, version = '', processors, services, templates, hooks, middleware, source } = manifest;
  const also = Object.entries({ services, templates, hooks, middleware }).flatMap(([what, { length }]) =>
    length > 0 ? [what] : [],
  );
  return [name, version, processors.map(({ type }) => type).join(', '), also.join(', '), source].map(oneLine);
}

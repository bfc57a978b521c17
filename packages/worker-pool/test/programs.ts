/** The programs of the workers, built from the sources. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Builds them into a folder of their own. Returns the URL of `child.js`, and what removes the folder. */
export async function buildPrograms(): Promise<{ program: URL; remove: () => void }> {
  // From where tsx can be found, as from the package itself.
  const dir = mkdtempSync(join(import.meta.dirname, '../node_modules/.programs-'));
  const source = join(import.meta.dirname, '../src/child');
  await build({
    entryPoints: [join(source, 'child.ts'), join(source, 'guard.ts')],
    outdir: dir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['tsx', 'tsx/esm/api'],
  });
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  return { program: pathToFileURL(join(dir, 'child.js')), remove: () => rmSync(dir, { recursive: true }) };
}

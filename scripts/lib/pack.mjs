/** The packages as they would be published: `pnpm pack` applies `files` and `publishConfig` and fills in workspace versions. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pnpm } from './prepare.mjs';
import { publishablePackages } from './repository.mjs';
import { run } from './run.mjs';

/**
 * @typedef {object} PackedPackage
 * @property {string} tarball
 * @property {import('./repository.mjs').Manifest & Record<string, unknown>} manifest As published.
 * @property {string[]} files Inside the package.
 */

/**
 * Packs every publishable package, hands them to `use`, and removes them.
 *
 * @template T
 * @param {(packages: PackedPackage[]) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withPackedPackages(use) {
  const folder = mkdtempSync(join(tmpdir(), 'leviathan-pack-'));
  try {
    const filters = publishablePackages().map(({ manifest }) => `--filter=${manifest.name}`);
    const packed = await pnpm(['--recursive', ...filters, 'pack', '--pack-destination', folder]);
    if (!packed.ok) throw new Error(`pnpm pack failed:\n${packed.output}`);
    const tarballs = readdirSync(folder).sort();
    if (tarballs.length !== filters.length)
      throw new Error(`pnpm packed ${tarballs.length} of ${filters.length} packages`);
    return await use(await Promise.all(tarballs.map((name) => read(join(folder, name)))));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} tarball @returns {Promise<PackedPackage>} */
async function read(tarball) {
  const listed = await run('tar', ['-tzf', tarball]);
  const shownManifest = await run('tar', ['-xzOf', tarball, 'package/package.json']);
  if (!listed.ok || !shownManifest.ok)
    throw new Error(`${tarball} cannot be read:\n${listed.output}${shownManifest.output}`);
  const files = listed.stdout
    .trim()
    .split(/\r?\n/)
    .map((path) => path.replace(/^package\//, ''));
  return { tarball, manifest: JSON.parse(shownManifest.stdout), files };
}

/** A tarball's bytes. @param {PackedPackage} packed */
export function tarballBytes(packed) {
  return readFileSync(packed.tarball);
}

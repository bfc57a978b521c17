/** Where things are in this repository, read from its own package.json files. Plain Node: runs before any install. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * @typedef {object} Manifest What the scripts read of a package.json.
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {string} [packageManager]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [bin]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [devDependencies]
 *
 * @typedef {object} WorkspacePackage
 * @property {string} folder Absolute.
 * @property {Manifest} manifest
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/**
 * Every package of the workspace, in the order of the folders.
 *
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages(from = root) {
  const folders = ['packages', 'apps'].flatMap((group) => childFolders(join(from, group)));
  return [...folders, join(from, 'benchmarks'), join(from, 'examples')]
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }));
}

/** The packages that go to the registry. */
export function publishablePackages() {
  return workspacePackages().filter(({ manifest }) => !manifest.private);
}

/**
 * The script behind a dependency's command, to start with this Node: no shell, the same on every system.
 *
 * @param {string} name The dependency's name.
 * @param {string} [command] The command, where it differs from the name.
 */
export function commandScript(name, command = name) {
  const folder = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const script = typeof bin === 'string' ? bin : bin[command];
  if (script === undefined) throw new Error(`${name} has no command "${command}"`);
  return join(folder, script);
}

/** `path` as it is written in messages: relative to the root, with forward slashes. @param {string} path */
export function shown(path) {
  return relative(root, path).split(sep).join('/');
}

/** Folders directly inside `folder`, sorted. @param {string} folder */
function childFolders(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort();
}

/** npm's own script, beside this Node or the one that started us. Undefined where it cannot be found. */
export function npmScript(name = 'npm-cli.js') {
  const given = process.env.npm_execpath;
  const candidates = [
    given?.endsWith('npm-cli.js') ? dirname(given) : undefined,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin'),
  ];
  for (const folder of candidates) {
    if (folder !== undefined && existsSync(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/** Brings a fresh checkout to the point where its commands run, and does nothing where that was done before. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npmScript, readManifest, root, workspacePackages } from './repository.mjs';
import { run, runNode } from './run.mjs';
import { filesBelow, hashFiles, hashStats, readStamp, writeStamp } from './stamp.mjs';

const stamps = join(root, 'node_modules', '.leviathan');
const installStamp = join(stamps, 'install');
const buildStamp = join(stamps, 'build');

/** A step of the preparation failed; the message holds its output. */
export class PrepareError extends Error {
  /** @param {string} step @param {string} output */
  constructor(step, output) {
    super(`${step} failed:\n\n${output.trimEnd()}\n`);
    this.name = 'PrepareError';
  }
}

/** Installs the dependencies that the lockfile names, unless they are there. @returns {Promise<boolean>} true when it did */
export async function ensureInstalled() {
  const wanted = installInputs();
  if (readStamp(installStamp) === wanted && dependencyFoldersExist()) return false;
  console.log('Installing dependencies …');
  const outcome = await pnpm(['install', '--frozen-lockfile', '--config.confirm-modules-purge=false']);
  if (!outcome.ok) throw new PrepareError('Installing the dependencies', outcome.output);
  writeStamp(installStamp, wanted);
  return true;
}

/** Builds every package, unless what stands in `dist` was built from these sources. @returns {Promise<boolean>} true when it did */
export async function ensureBuilt() {
  const sources = buildInputs();
  if (readStamp(buildStamp) === `${sources}:${buildOutputs()}`) return false;
  console.log('Building …');
  const outcome = await pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only']);
  // One that is ended by a signal may say that all went well.
  const isWhole = builtPackages().every(({ folder }) => existsSync(join(folder, 'dist')));
  if (!outcome.ok || !isWhole) throw new PrepareError('The build', outcome.output);
  writeStamp(buildStamp, `${sources}:${buildOutputs()}`);
  return true;
}

/**
 * Runs the pnpm that package.json pins, through npm, so that a machine needs nothing but Node.
 *
 * @param {string[]} args
 * @param {import('./run.mjs').RunOptions} [options]
 */
export function pnpm(args, options = {}) {
  const version = readManifest(root).packageManager;
  if (version === undefined) throw new Error('package.json does not say its packageManager');
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...options.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' };
  // `npm test --silent` would silence what these say of their own failures.
  delete env.npm_config_loglevel;
  const given = ['--yes', version, ...args];
  const settings = { cwd: root, ...options, env };
  const npx = npmScript('npx-cli.js');
  if (npx !== undefined) return runNode(npx, given, settings);
  return run('npx', given, settings);
}

/** A hash of all that decides what an install puts into node_modules. */
function installInputs() {
  const manifests = [root, ...workspacePackages().map(({ folder }) => folder)].map((path) =>
    join(path, 'package.json'),
  );
  const files = [...manifests, join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml')];
  return hashFiles(files, `${process.platform} ${process.arch} ${process.versions.modules}`);
}

/** Somebody may have removed one package's node_modules while the root's, with the stamp, stayed. */
function dependencyFoldersExist() {
  return workspacePackages().every(({ folder, manifest }) => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
    return Object.keys(wanted).every((name) => existsSync(join(folder, 'node_modules', name)));
  });
}

function builtPackages() {
  return workspacePackages().filter(({ manifest }) => manifest.scripts?.build !== undefined);
}

/** A hash of all that decides what a build writes. */
function buildInputs() {
  const files = builtPackages().flatMap(({ folder }) => [
    ...filesBelow(join(folder, 'src')).filter((path) => !/\.test\.[a-z]+$/.test(path)),
    ...['package.json', 'tsconfig.json', 'tsup.config.ts'].map((name) => join(folder, name)),
  ]);
  return hashFiles([...files, join(root, 'tsconfig.base.json'), join(root, 'pnpm-lock.yaml')]);
}

function buildOutputs() {
  return hashStats(builtPackages().flatMap(({ folder }) => filesBelow(join(folder, 'dist'))));
}

/** Programs of the system that some suites need: found, or installed where that can be done without asking. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './lib/run.mjs';

/** @typedef {{ command: string, path: string, package: string, env: string }} Program */

/**
 * Each program is handed to the tests in an environment variable; a suite without its program is skipped, and named.
 * A program that a test merely likes to have does not belong here.
 *
 * @type {Program[]}
 */
const needed = [{ command: 'nginx', path: '/usr/sbin/nginx', package: 'nginx', env: 'LEVIATHAN_NGINX' }];

/**
 * Finds each program and, as root on Debian, installs the missing ones.
 *
 * @param {Program[]} programs
 * @returns {Promise<{ env: Record<string, string>, missing: string[] }>} `env`: for the test runners; `missing`: one
 * sentence for each program that is not there, with the reason.
 */
export async function provideTestPrograms(programs = needed) {
  const absent = programs.filter((program) => process.env[program.env] === undefined && find(program) === undefined);
  const obstacle = absent.length === 0 ? undefined : await install(absent.map((program) => program.package));
  /** @type {Record<string, string>} */
  const env = {};
  const missing = [];
  for (const program of programs) {
    const given = process.env[program.env];
    const path = given ?? find(program);
    if (path !== undefined && existsSync(path)) env[program.env] = path;
    else if (given !== undefined) missing.push(`${program.command}: ${program.env} names no file: ${given}`);
    else missing.push(`${program.command} is not installed${obstacle === undefined ? '' : `: ${obstacle}`}`);
  }
  return { env, missing };
}

/** @param {Program} program @returns {string | undefined} */
function find({ command, path }) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const file = process.platform === 'win32' ? `${command}.exe` : command;
  return [path, ...folders.map((folder) => join(folder, file))].find((candidate) => existsSync(candidate));
}

/** @param {string[]} packages @returns {Promise<string | undefined>} why they could not be installed */
async function install(packages) {
  if (!existsSync('/etc/debian_version')) return 'only on Debian can it be installed from here';
  if (process.getuid?.() !== 0) return 'installing it needs root';
  console.log(`Installing ${packages.join(', ')} with apt-get …`);
  // Runlevel 1 keeps the packages' own daemons from starting: the tests start theirs on free ports.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const update = await run('apt-get', ['update'], { env, timeout: 300_000 });
  if (!update.ok) return `apt-get update failed: ${lastLine(update.output)}`;
  const added = await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    env,
    timeout: 600_000,
  });
  return added.ok ? undefined : `apt-get install failed: ${lastLine(added.output)}`;
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

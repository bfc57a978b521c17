/** Programs of the system that some suites need: found, or installed where that can be done without asking. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './lib/run.mjs';

/**
 * @typedef {object} Program
 * @property {string} command
 * @property {string} package Debian's.
 * @property {string} [path] Where it stands if not on the PATH.
 * @property {string} [env] The variable that hands its path to the tests; without one they find it on the PATH.
 */

/**
 * A suite without its program is skipped, and named. What a test merely likes to have does not belong here.
 *
 * @type {Program[]}
 */
const needed = [
  { command: 'nginx', package: 'nginx', path: '/usr/sbin/nginx', env: 'LEVIATHAN_NGINX' },
  { command: 'openssl', package: 'openssl' },
  // The completion scripts are tried in the shells that they are for.
  { command: 'fish', package: 'fish' },
  { command: 'zsh', package: 'zsh' },
  // The second implementation of the on-disk format, docs/reader, is Python.
  { command: 'python3', package: 'python3' },
];

/**
 * Finds each program and, as root on Debian, installs the missing ones.
 *
 * @param {Program[]} programs
 * @returns {Promise<{ env: Record<string, string>, missing: string[] }>} `env`: for the test runners; `missing`: one
 * sentence for each program that is not there, with the reason.
 */
export async function provideTestPrograms(programs = needed) {
  const absent = programs.filter((program) => given(program) === undefined && find(program) === undefined);
  const obstacle = absent.length === 0 ? undefined : await install(absent.map((program) => program.package));
  /** @type {Record<string, string>} */
  const env = {};
  const missing = [];
  for (const program of programs) {
    const named = given(program);
    const path = named ?? find(program);
    if (path === undefined) missing.push(`${program.command} is not installed${obstacle ? `: ${obstacle}` : ''}`);
    else if (!existsSync(path)) missing.push(`${program.command}: ${program.env} names no file: ${named}`);
    else if (program.env !== undefined) env[program.env] = path;
  }
  return { env, missing };
}

/** The path that the environment names. @param {Program} program */
function given({ env }) {
  return env === undefined ? undefined : process.env[env];
}

/** @param {Program} program @returns {string | undefined} */
function find({ command, path }) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const file = process.platform === 'win32' ? `${command}.exe` : command;
  const candidates = folders.map((folder) => join(folder, file));
  return [...(path === undefined ? [] : [path]), ...candidates].find((candidate) => existsSync(candidate));
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
  const args = ['install', '-y', '--no-install-recommends', ...packages];
  const added = await run('apt-get', args, { env, timeout: 600_000 });
  return added.ok ? undefined : `apt-get install failed: ${lastLine(added.output)}`;
}

/** @param {string} text */
function lastLine(text) {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

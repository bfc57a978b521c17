/** Programs of the system that some suites need: found, or installed where that can be done without asking. */
import { existsSync } from 'node:fs';
import { run } from './lib/run.mjs';

/**
 * Each program is handed to the tests in an environment variable; a suite without its program is skipped, and named.
 * A program that a test merely likes to have does not belong here.
 */
const programs = [{ command: 'nginx', path: '/usr/sbin/nginx', package: 'nginx', env: 'LEVIATHAN_NGINX' }];

/**
 * Finds each program and, as root on Debian, installs the missing ones.
 *
 * @returns {Promise<{ env: Record<string, string>, missing: string[] }>} `env`: for the test runners; `missing`: one
 * sentence for each program that is not there, with the reason.
 */
export async function provideTestPrograms() {
  const absent = programs.filter((program) => find(program) === undefined);
  const obstacle = absent.length === 0 ? undefined : await install(absent.map((program) => program.package));
  /** @type {Record<string, string>} */
  const env = {};
  const missing = [];
  for (const program of programs) {
    const path = find(program);
    if (path !== undefined) env[program.env] = path;
    else missing.push(`${program.command} is not installed${obstacle === undefined ? '' : `: ${obstacle}`}`);
  }
  return { env, missing };
}

/** @param {{ command: string, path: string, env: string }} program @returns {string | undefined} */
function find({ command, path, env }) {
  const given = process.env[env];
  if (given !== undefined) return existsSync(given) ? given : undefined;
  const folders = (process.env.PATH ?? '').split(process.platform === 'win32' ? ';' : ':');
  const extension = process.platform === 'win32' ? '.exe' : '';
  return [path, ...folders.map((folder) => `${folder}/${command}${extension}`)].find((candidate) =>
    existsSync(candidate),
  );
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

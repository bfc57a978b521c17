/** Every gate of `npm test`, in the order they run: quick answers first. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandScript, root, shown } from './repository.mjs';
import { runNode } from './run.mjs';
import { tallyVitest } from './vitest-report.mjs';

const minute = 60_000;

/**
 * @typedef {Omit<import('./summary.mjs').GateResult, 'name' | 'seconds'>} Counts
 *
 * @typedef {object} Gate
 * @property {string} name
 * @property {string} what One line for the person who waits.
 * @property {(env: NodeJS.ProcessEnv) => Promise<Counts & { output?: string }>} check `output`: what has not been shown yet and
 * explains a failure.
 */

/** @type {Gate[]} */
export const gates = [
  command('lint', 'format and lint rules (Biome)', commandScript('@biomejs/biome', 'biome'), [
    'ci',
    '.',
    '--error-on-warnings',
    '--max-diagnostics=200',
    `--colors=${process.stdout.isTTY ? 'force' : 'off'}`,
  ]),
  command('types', 'types of sources, tests, scripts and examples (tsc)', script('typecheck')),
  command('imports', 'imports point down only (dependency-cruiser)', script('gates/imports')),
  command('unused', 'no unused file, export or dependency (knip)', commandScript('knip'), ['--no-progress']),
  command('hygiene', 'sizes of files, and words and paths that do not belong', script('gates/hygiene')),
  command('docs', 'API documentation builds without a warning (TypeDoc)', script('gates/api-docs')),
  command('publint', 'each package as it would be published (publint)', script('gates/publint')),
  command('attw', 'types of each package as its users resolve them (are the types wrong?)', script('gates/attw')),
  vitest('tests', 'unit and integration tests', ['--project=!examples']),
  vitest('examples', 'every example, against the built packages', ['--project=examples']),
  command('readme', 'the commands and programs that the documents show', script('gates/documents'), [], 10),
];

/** @param {string} name */
function script(name) {
  return join(root, 'scripts', `${name}.mjs`);
}

/**
 * A gate that is one command: it passes with exit code 0.
 *
 * @param {string} name @param {string} what @param {string} path @param {string[]} [args] @param {number} [minutes]
 * @returns {Gate}
 */
function command(name, what, path, args = [], minutes = 5) {
  return {
    name,
    what,
    async check(env) {
      const { ok, code, output } = await runNode(path, args, { cwd: root, env, timeout: minutes * minute });
      if (ok) return { passed: 1, failed: 0, skipped: 0, failures: [], skips: [], output: warnings(output) };
      return { passed: 0, failed: 1, skipped: 0, failures: [`exit code ${code ?? 'none'}`], skips: [], output };
    },
  };
}

/**
 * A gate that is a vitest run, counted test by test from vitest's JSON report.
 *
 * @param {string} name @param {string} what @param {string[]} args
 * @returns {Gate}
 */
function vitest(name, what, args) {
  return {
    name,
    what,
    async check(env) {
      const folder = mkdtempSync(join(tmpdir(), 'leviathan-tests-'));
      const file = join(folder, 'report.json');
      try {
        const reporters = ['--reporter=default', `--reporter=${script('lib/skip-reasons')}`, '--reporter=json'];
        const outcome = await runNode(
          commandScript('vitest'),
          ['run', '--allowOnly=false', ...args, ...reporters, `--outputFile.json=${file}`],
          { cwd: root, env, live: true, timeout: 18 * minute },
        );
        const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
        return tallyVitest(report, outcome.ok, shown);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Warnings of a gate that passed are worth showing; its other output is not. @param {string} output */
function warnings(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('warning: '))
    .join('\n');
}

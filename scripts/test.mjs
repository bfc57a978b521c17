/**
 * `npm test`: installs, builds and runs every gate, or only those that are named: `npm test -- lint types`.
 *
 * The last line is `N passed, N failed, N skipped`. The exit code is 0 only when nothing failed and, with CI=true, nothing
 * was skipped.
 */
import { ensureBuilt, ensureInstalled, PrepareError } from './lib/prepare.mjs';
import { summarize } from './lib/summary.mjs';
import { provideTestPrograms } from './test-deps.mjs';

const strict = !['', '0', 'false'].includes(process.env.CI ?? '');

/** @returns {Promise<boolean>} whether all went well */
async function main() {
  await ensureInstalled();
  const { env: programs, missing } = await provideTestPrograms();
  await ensureBuilt();
  // Only now: the list looks up the tools that the install brings.
  const { gates } = await import('./lib/gates.mjs');
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !gates.some((gate) => gate.name === name));
  if (unknown.length > 0) {
    console.error(`No such gate: ${unknown.join(', ')}. There are: ${gates.map((gate) => gate.name).join(', ')}.`);
    return false;
  }

  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, ...programs, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) };
  // A developer's own queue is not the tests' to touch.
  delete env.LEVIATHAN_HOME;
  const results = [];
  for (const gate of gates.filter(({ name }) => named.length === 0 || named.includes(name))) {
    console.log(`\n▶ ${gate.name}: ${gate.what}`);
    const started = performance.now();
    const { output, ...counts } = await gate.check(env).catch(broken);
    const seconds = (performance.now() - started) / 1000;
    if (output) console.log(output.trimEnd());
    console.log(`${counts.failed === 0 ? '✔' : '✘'} ${gate.name} (${seconds.toFixed(1)} s)`);
    results.push({ name: gate.name, seconds, ...counts });
  }
  const { text, ok } = summarize(results, { strict, missing });
  console.log(`\n${text}`);
  return ok;
}

/** A gate that could not even run has failed; the others still answer. @param {unknown} error */
function broken(error) {
  const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { passed: 0, failed: 1, skipped: 0, failures: ['it could not run'], skips: [], output };
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
  console.log('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}

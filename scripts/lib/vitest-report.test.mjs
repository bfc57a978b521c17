import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commandScript } from './repository.mjs';
import { runNode } from './run.mjs';
import { tallyVitest } from './vitest-report.mjs';

/**
 * Runs the real vitest over one test file in an empty folder.
 *
 * @param {string | undefined} source
 * @param {string} [name]
 */
async function tallyOf(source, name = 'a.test.mjs') {
  const folder = await mkdtemp(join(tmpdir(), 'leviathan-vitest-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  if (source !== undefined) await writeFile(join(folder, name), source);
  const skipReasons = join(import.meta.dirname, 'skip-reasons.mjs');
  const report = join(folder, 'report.json');
  const { ok } = await runNode(
    commandScript('vitest'),
    [
      'run',
      '--root',
      folder,
      '--globals',
      `--reporter=${skipReasons}`,
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: folder, env: { ...process.env, VITEST: '', VITEST_POOL_ID: '' } },
  );
  const text = await readFile(report, 'utf8').catch(() => undefined);
  return tallyVitest(text === undefined ? undefined : JSON.parse(text), ok, (path) => basename(path));
}

describe('the count of a vitest run', () => {
  it('is of its tests, by outcome', async () => {
    expect(await tallyOf("it('a', () => {}); it('b', () => { throw new Error('no') });")).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      failures: ['a.test.mjs: b'],
      skips: [],
      unclaimed: [],
    });
  });

  it('names what was skipped, with the reason that the test gave', async () => {
    const source = "it('a', () => {}); it('b', ({ skip }) => skip('no nginx')); it.skip('c', () => {}); it.todo('d');";
    const { passed, failed, skipped, skips } = await tallyOf(source);
    expect({ passed, failed, skipped }).toEqual({ passed: 1, failed: 0, skipped: 3 });
    expect(skips).toEqual([
      'a.test.mjs: b (no nginx)',
      'a.test.mjs: c (it gives no reason)',
      'a.test.mjs: d (it gives no reason)',
    ]);
  });

  it('leaves out what a store does not claim, and says so', async () => {
    const source = `it('adds', () => {});
      it.skip('reopens [skipped: the memory store does not claim persistent]');
      it.skip('keeps [skipped: the memory store does not claim persistent]');
      it.skip('forgets [skipped: it is Monday]');`;
    const { skipped, skips, unclaimed } = await tallyOf(source, 'memory.conformance.test.mjs');
    expect(unclaimed).toEqual(['memory.conformance.test.mjs: the memory store does not claim persistent (2 tests)']);
    expect({ skipped, skips }).toEqual({
      skipped: 1,
      skips: ['memory.conformance.test.mjs: forgets [skipped: it is Monday] (it is Monday)'],
    });
    expect((await tallyOf(source)).skipped).toBe(3);
  });

  it('has a failure when a file cannot be loaded', async () => {
    const { failed, failures } = await tallyOf("throw new Error('broken import');");
    expect(failed).toBe(1);
    expect(failures[0]).toContain('broken import');
  });

  it('has a failure when a hook fails after the tests passed', async () => {
    const { passed, failed } = await tallyOf("it('a', () => {}); afterAll(() => { throw new Error('leak') });");
    expect({ passed, failed }).toEqual({ passed: 1, failed: 1 });
  });

  it('has a failure when an error escapes all tests', async () => {
    const source =
      "it('a', () => { setTimeout(() => { throw new Error('late') }, 1) }); it('b', () => new Promise((r) => setTimeout(r, 50)));";
    const { passed, failed } = await tallyOf(source);
    expect({ passed, failed }).toEqual({ passed: 2, failed: 1 });
  });

  it('has a failure when there is no test', async () => {
    expect((await tallyOf(undefined)).failures).toEqual(['no test was collected']);
    expect((await tallyOf('export {};')).failed).toBeGreaterThan(0);
  });
});

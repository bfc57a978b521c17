/** Reads what vitest's own JSON reporter wrote. */

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} failures One line each.
 * @property {string[]} skips One line each, with the reason.
 * @property {string[]} unclaimed What does not apply, one line for a file and a reason: tests of the conformance suite for
 * features that a store does not claim. They are not counted; the suite itself fails when they are not the expected ones.
 *
 * @typedef {object} TestResult
 * @property {string} status passed | failed | skipped | pending | todo | disabled
 * @property {string} fullName
 * @property {{ skipReason?: string }} [meta] `skipReason` comes from the reporter in skip-reasons.mjs.
 *
 * @typedef {object} FileResult
 * @property {string} name The file's path.
 * @property {string} status
 * @property {string} message
 * @property {TestResult[]} assertionResults
 *
 * @typedef {object} VitestReport
 * @property {FileResult[]} testResults
 */

/** How the conformance suite names a test that it does not run. */
const notRun = /\[skipped: (.+)\]$/;

/**
 * Counts a run. A run that collected no test, or that failed outside its tests, has at least one failure.
 *
 * @param {VitestReport | undefined} report Undefined where the run ended before it could write one.
 * @param {boolean} exitedWell Whether vitest's exit code was 0.
 * @param {(path: string) => string} shown How a file is named.
 * @returns {Tally}
 */
export function tallyVitest(report, exitedWell, shown) {
  /** @type {Tally} */
  const tally = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [], unclaimed: [] };
  /** @type {Map<string, number>} */
  const unclaimed = new Map();
  for (const file of report?.testResults ?? []) {
    const failedBefore = tally.failed;
    for (const test of file.assertionResults) {
      const name = `${shown(file.name)}: ${test.fullName}`;
      if (test.status === 'passed') tally.passed += 1;
      else if (test.status === 'failed') fail(tally, name);
      else if (isUnclaimed(file, test)) {
        const line = `${shown(file.name)}: ${notRun.exec(test.fullName)?.[1]}`;
        unclaimed.set(line, (unclaimed.get(line) ?? 0) + 1);
      } else {
        tally.skipped += 1;
        tally.skips.push(
          `${name} (${test.meta?.skipReason ?? notRun.exec(test.fullName)?.[1] ?? 'it gives no reason'})`,
        );
      }
    }
    // A file that cannot be loaded, or whose hooks fail, fails without any of its tests failing.
    if (file.status === 'failed' && tally.failed === failedBefore) fail(tally, `${shown(file.name)}: ${file.message}`);
  }
  tally.unclaimed = [...unclaimed].map(([line, count]) => `${line} (${count} tests)`);
  if (tally.passed + tally.failed + tally.skipped === 0) fail(tally, 'no test was collected');
  if (!exitedWell && tally.failed === 0) fail(tally, 'vitest failed outside its tests; see its output');
  return tally;
}

/** @param {FileResult} file @param {TestResult} test */
function isUnclaimed(file, test) {
  return (
    /\.conformance\.test\.\w+$/.test(file.name) &&
    /does not claim|takes no clock/.test(notRun.exec(test.fullName)?.[1] ?? '')
  );
}

/** @param {Tally} tally @param {string} line */
function fail(tally, line) {
  tally.failed += 1;
  tally.failures.push(line);
}

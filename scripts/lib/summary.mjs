/** What `npm test` prints at its end. */

/**
 * @typedef {object} GateResult
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} seconds
 * @property {string[]} failures One line each.
 * @property {string[]} skips One line each, with the reason.
 * @property {string[]} [unclaimed] What does not apply here, one line each; not counted.
 */

/**
 * The table, the names of what failed or was skipped, and the line of totals, which is the last.
 *
 * @param {GateResult[]} results
 * @param {{ strict: boolean, missing: string[] }} options `strict`: a skipped test counts as a failed one. `missing`: programs
 * that suites could not have.
 * @returns {{ text: string, ok: boolean }}
 */
export function summarize(results, { strict, missing }) {
  const rows = results.map((result) => ({
    ...result,
    failed: result.failed + (strict ? result.skipped : 0),
    skipped: strict ? 0 : result.skipped,
  }));
  /** @param {'passed' | 'failed' | 'skipped' | 'seconds'} column */
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  const skips = results.flatMap((result) => result.skips.map((skip) => `${result.name}: ${skip}`));
  const failures = results.flatMap((result) => result.failures.map((failure) => `${result.name}: ${failure}`));
  const ok = rows.length > 0 && sum('failed') === 0;
  const lines = [
    ...section('Failed', failures),
    ...section(strict ? 'Skipped, which counts as failed when CI=true' : 'Skipped', skips),
    ...section(
      'Not tested, because the store does not claim it',
      results.flatMap(({ unclaimed }) => unclaimed ?? []),
    ),
    ...section('Not on this machine', missing),
    table([
      ['gate', 'passed', 'failed', 'skipped', 'seconds'],
      ...rows.map((row) => [row.name, row.passed, row.failed, row.skipped, row.seconds.toFixed(1)].map(String)),
      ['all', sum('passed'), sum('failed'), sum('skipped'), sum('seconds').toFixed(1)].map(String),
    ]),
    '',
    `${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`,
  ];
  return { text: lines.join('\n'), ok };
}

/** @param {string} title @param {string[]} lines */
function section(title, lines) {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`), ''];
}

/** @param {string[][]} rows The first column to the left, figures to the right. */
function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

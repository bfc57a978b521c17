/** `npm run torture`: tries to break the store, for as long as one likes, and says with its exit code whether it held. */
import { writeFileSync } from 'node:fs';
import { freshSeed } from '../src/testing/random';
import { parseTorture, type TortureOptions, UsageError, usage } from './torture-options';

/** What each torture gives: figures, and a line for each thing that went wrong. */
type Report = Record<string, unknown> & { failures: readonly unknown[] };

const log = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);

/** Loaded when it is asked for: each brings a lot along. */
async function torture({ kind, count, seed, dir, only }: TortureOptions): Promise<Report> {
  if (kind === 'kill') {
    const { killTorture } = await import('./kill/torture');
    return { ...(await killTorture({ seed, rounds: count, log, ...(dir !== undefined && { dir }) })) };
  }
  const module = await import(new URL(`./${kind}/torture.ts`, import.meta.url).href);
  return kind === 'crash'
    ? module.explore({ seed, states: count, log })
    : module.injectAll({ seed, cases: only === undefined ? count : 0, log, only });
}

/** The figures, one a line, those of groups behind their name. */
function table(report: object, prefix = ''): string[] {
  return Object.entries(report).flatMap(([name, value]) => {
    if (Array.isArray(value)) return [];
    if (typeof value === 'object' && value !== null) return table(value, `${prefix}${name}, `);
    return [`${`${prefix}${name}`.padEnd(22)} ${typeof value === 'number' ? Number(value.toFixed(1)) : value}`];
  });
}

async function main(options: TortureOptions): Promise<number> {
  log(`${options.kind}, seed ${options.seed}`);
  const report = await torture(options);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  console.log(table(report).join('\n'));
  for (const failure of report.failures) {
    console.log(typeof failure === 'string' ? failure : JSON.stringify(failure, null, 2));
  }
  return report.failures.length > 0 ? 1 : 0;
}

// The processes that were started end with this one; their folder stays for a look at it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  const options = parseTorture(process.argv.slice(2), freshSeed);
  if (options === 'help') console.log(usage);
  else process.exitCode = await main(options);
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

/** Leviathan as it was at an earlier commit, built in a folder of its own, to be measured beside what it is now. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Engine } from './engines/engine';
import { leviathan } from './engines/leviathan';
import { UsageError } from './options';
import { inPackage } from './paths';

const run = promisify(execFile);
const repository = inPackage('..');

export interface Baseline {
  /** Runs the measured processes of that commit: what they measure is named the same. */
  engine: Engine;
  commit: string;
  remove(): Promise<void>;
}

/** Checks the commit out, installs its packages and builds it. @throws UsageError when there is none of this name */
export async function provideBaseline(revision: string): Promise<Baseline> {
  const commit = await commitOf(revision);
  const folder = await mkdtemp(join(tmpdir(), 'leviathan-baseline-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    console.error(`Building ${commit.slice(0, 12)} (a minute or two) …`);
    await run('git', ['clone', '--quiet', '--shared', '--no-checkout', repository, folder]);
    await run('git', ['checkout', '--quiet', '--detach', commit], { cwd: folder });
    await run(process.execPath, [join(folder, 'scripts', 'bench.mjs'), '--help'], { cwd: folder });
  } catch (error) {
    await remove();
    throw error;
  }
  const task = { script: join(folder, 'benchmarks', 'dist', 'task.js'), engine: leviathan.name };
  return { engine: { ...leviathan, name: 'baseline', task }, commit, remove };
}

async function commitOf(revision: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { stdout } = await run('git', args, { cwd: repository }).catch(() => ({ stdout: '' }));
  if (stdout === '') throw new UsageError(`--baseline: there is no commit ${revision}.`);
  return stdout.trim();
}

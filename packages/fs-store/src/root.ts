/** Where the jobs are when nobody says. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The default folder of the jobs: `~/.leviathan/jobs`, or `$LEVIATHAN_HOME/jobs` when that is set (to something).
 */
export function defaultRoot(env: NodeJS.ProcessEnv = process.env): string {
  return join(resolve(env.LEVIATHAN_HOME || join(homedir(), '.leviathan')), 'jobs');
}

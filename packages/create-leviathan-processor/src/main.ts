/**
 * From arguments to an exit code.
 *
 * @module
 */
import { relative, resolve } from 'node:path';
import { version } from '../package.json';
import { generate } from './generate';
import { HELP, parseOptions, UsageError } from './options';

/** The world as the command sees it. */
export interface Io {
  cwd: string;
  /** `npm_config_user_agent`: which package manager called, if one did. */
  agent: string | undefined;
  out(line: string): void;
  err(line: string): void;
}

/** Runs the command. Resolves with the exit code: 0 done, 1 something went wrong, 2 wrong usage; never rejects. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === 'help' || options === 'version') {
      io.out(options === 'help' ? HELP : version);
      return 0;
    }
    const folder = resolve(io.cwd, options.dir);
    const files = await generate(folder, options);
    const manager = /^(pnpm|yarn|bun)\//.exec(io.agent ?? '')?.[1] ?? 'npm';
    const shown = relative(io.cwd, folder) || '.';
    io.out(`${options.name} is in ${shown}: ${files.length} files.\n`);
    if (shown !== '.') io.out(`  cd ${shown}`);
    for (const step of ['install', 'test', 'run build']) io.out(`  ${manager} ${step}`);
    io.out(`\nThe work itself goes into src/processor.ts.`);
    return 0;
  } catch (error) {
    io.err(`error: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

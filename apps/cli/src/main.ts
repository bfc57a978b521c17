/**
 * From arguments to an exit code.
 *
 * @module
 */
import { CommanderError } from 'commander';
import pc from 'picocolors';
import { type ErrorReport, report } from './errors';
import { EXIT } from './exit-codes';
import type { Io } from './io';
import { createProgram } from './program/program';

/** Runs the command. Resolves with the exit code; never rejects. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error, args, io);
    const told = report(error);
    tell(told, args, io);
    return told.exitCode;
  }
}

/** Help and version end with a "commander error", too; usage errors were written by commander unless `--json` asks for JSON. */
function commanderExit(error: CommanderError, args: readonly string[], io: Io): number {
  if (error.exitCode === 0) return EXIT.ok;
  if (error.code === 'commander.help') return EXIT.usage;
  const [message = '', ...hints] = error.message.replace(/^error: /, '').split('\n');
  const hint = hints.join(' ').replace(/^\(|\)$/g, '');
  tell(
    { code: 'USAGE', message, hint: hint || 'leviathan --help shows the commands and options.', exitCode: EXIT.usage },
    args,
    io,
  );
  return EXIT.usage;
}

function tell(told: ErrorReport, args: readonly string[], io: Io): void {
  const { code, message, hint } = told;
  if (wantsJson(args)) {
    io.stderr.write(`${JSON.stringify({ error: { code, message, ...(hint !== undefined && { hint }) } })}\n`);
    return;
  }
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  const plain = args.includes('--no-color') || Boolean(NO_COLOR) || FORCE_COLOR === '0' || TERM === 'dumb';
  const c = pc.createColors(!plain && (Boolean(FORCE_COLOR) || io.stderr.isTTY === true));
  io.stderr.write(`${c.red('error:')} ${message}\n${hint === undefined ? '' : `${c.dim('hint:')} ${hint}\n`}`);
}

// The arguments may be so wrong that they were never parsed.
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

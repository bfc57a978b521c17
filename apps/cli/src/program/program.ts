/**
 * The commands, their arguments and options, and the help. Nothing here does any work: each action loads its own code.
 *
 * @module
 */
import { Command } from 'commander';
import { version } from '../../package.json';
import { exitCodeHelp } from '../exit-codes';
import type { Io } from '../io';
import { addChangeCommands } from './change-commands';
import { lazily } from './context';
import { addDefinitionCommands } from './definition-commands';
import { addReadCommands } from './read-commands';
import { addRunCommands } from './run-commands';
import { addScheduleCommands } from './schedule-commands';
import { addTemplateCommands } from './template-commands';

const EXAMPLES = `Examples:
  leviathan add download https://example.org/file.iso --wait
  leviathan list --status failed --since 1d
  leviathan retry --reason timeout --yes
  leviathan work --concurrency 4`;

/** Builds the program; `done` gets the exit code of the command that ran. Throws commander's errors instead of ending the process. */
export function createProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('leviathan');
  program
    .description('Durable background jobs on plain files: add, run, watch and manage them.')
    .version(version, '-V, --version', 'print the version')
    .option('--root <dir>', 'the jobs folder (default: $LEVIATHAN_HOME/jobs, else ~/.leviathan/jobs)')
    .option('--config <file>', 'this configuration (default: the nearest leviathan.config.ts, .js or .json)')
    .option('--no-config', 'no configuration, and none of its plugins')
    .option('--json', 'JSON on stdout; errors as JSON on stderr')
    .option('-q, --quiet', 'no remarks and no progress, only data and errors')
    .option('-y, --yes', 'yes to every question')
    .option('--no-input', 'never ask')
    .option('--no-color', 'no colours (also: NO_COLOR, FORCE_COLOR, TERM=dumb)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => (io.stdout.isTTY === true ? io.stdout.columns || 80 : 100),
      getErrHelpWidth: () => (io.stderr.isTTY === true ? io.stderr.columns || 80 : 100),
      // Faults are told in one place, as text or as JSON.
      outputError: () => {},
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\n${EXAMPLES}\n\n${exitCodeHelp()}`);
  const lazy = lazily(io, done);
  addRunCommands(program, lazy);
  addReadCommands(program, lazy);
  addChangeCommands(program, lazy);
  addDefinitionCommands(program, lazy);
  addTemplateCommands(program, lazy);
  addScheduleCommands(program, lazy);
  return program;
}

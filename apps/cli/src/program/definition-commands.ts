/**
 * Commands for what a store keeps beside its jobs.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Lazy } from './context';

const DEFINE_HELP = `
Examples:
  leviathan define limit downloads '{"types": ["download"], "concurrency": 4}'
  leviathan define pool gpu '{"capacity": 1}'
  leviathan define gate plugged-in '{"types": ["backup"], "power": "mains"}'
  leviathan define window night '{"types": ["backup"], "open": [{"days": "mon-fri", "from": "22:00", "to": "07:00"}]}'`;

/** Adds define, undefine and definitions. */
export function addDefinitionCommands(program: Command, lazy: Lazy): void {
  const kinds = 'limit, pool, gate, window or schedule';
  program
    .command('define')
    .description('set a rule of the store: it counts for every program on it')
    .argument('<kind>', kinds)
    .argument('<name>', 'its name')
    .argument('<value>', 'JSON, @file, or - for standard input')
    .addHelpText('after', DEFINE_HELP)
    .action(lazy((commands) => commands.define));

  program
    .command('undefine')
    .description('remove a rule of the store')
    .argument('<kind>', kinds)
    .argument('<name>', 'its name')
    .action(lazy((commands) => commands.undefine));

  program
    .command('definitions')
    .description('list the rules of the store')
    .argument('[kind]', `only of one kind: ${kinds}`)
    .action(lazy((commands) => commands.definitions));
}

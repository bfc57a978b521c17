/**
 * Commands about templates.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Lazy } from './context';
import { collect, withJobOptions, withProcessors } from './options';

/** Adds template, with list, show, set, remove and run. */
export function addTemplateCommands(program: Command, lazy: Lazy): void {
  const template = program.command('template').description('jobs with parameters, kept by name');

  template
    .command('list')
    .alias('ls')
    .description('list the templates; a star marks parameters that must be given')
    .action(lazy((commands) => commands.template.list));

  template
    .command('show')
    .description('everything about one template')
    .argument('<name>')
    .action(lazy((commands) => commands.template.show));

  template
    .command('set')
    .description('add a template, or put it in the place of another one')
    .argument('<file>', 'its JSON; - for standard input')
    .option('--name <name>', 'its name; by default that of the file')
    .action(lazy((commands) => commands.template.set));

  template
    .command('remove')
    .alias('rm')
    .description('delete templates; jobs that were made of them stay')
    .argument('<names...>')
    .action(lazy((commands) => commands.template.remove));

  const run = template
    .command('run')
    .description('add the job that a template makes, or the jobs of its flow; print the ids')
    .argument('<name>')
    .option('--param <name=value>', 'a parameter; name:=json for what is no text (several: repeat)', collect)
    .option('--preset <preset>', 'the values of a preset, where --param gives none');
  withProcessors(withJobOptions(run))
    .option('--any-type', 'add it even if no processor here knows the type')
    .option('-n, --dry-run', 'print the job, and add nothing')
    .action(lazy((commands) => commands.template.run));
}

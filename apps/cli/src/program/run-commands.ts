/**
 * Commands that add jobs and run them.
 *
 * @module
 */
import { type Command, Option } from 'commander';
import type { Lazy } from './context';
import { collectList, withJobOptions, withProcessors } from './options';

const ADD_HELP = `
Data:
  key=text  key:=json  a.b=nested      pairs
  --data '{"key": 1}'                  JSON, @file, or - for standard input; pairs go on top
  --batch                              many jobs from standard input, one JSON object a line:
                                       {"type": "…", "data": {…}, "priority": 5, …}

Examples:
  leviathan add download https://example.org/a.iso --to ~/Downloads --wait
  leviathan add download url=https://example.org/b.iso --delay 2h --tag night
  leviathan add resize file=a.png width:=800 --any-type`;

/** Adds add, import and work. */
export function addRunCommands(program: Command, lazy: Lazy): void {
  const add = program
    .command('add')
    .description('add a job; print its id')
    .argument('[type]', 'what kind of job: download, or a type of your own processors')
    .argument('[data...]', 'its data as key=value; a download takes its URL as it is')
    .option('-d, --data <json>', 'its data as JSON, @file, or - for standard input');
  withJobOptions(add)
    .option(
      '--unique <mode>',
      'if one does: keep (print its id), reject, replace, merge, rerun, debounce:5s, throttle:1h (keep)',
    )
    .option('--depends-on <ids>', 'jobs that must complete first (several: by comma)', collectList)
    .option('--on-parent-failed <policy>', 'wait, fail, continue, skip or only when one of them fails (wait)')
    .option('-w, --wait', 'wait for its end; runs it here if no other worker takes it')
    .option('--batch', 'read many jobs from standard input, one JSON object a line')
    .option('--any-type', 'add it even if no processor here knows the type');
  withProcessors(add)
    .addOption(new Option('--to <dir>', 'folder of the file (./downloads)').helpGroup('Options of a download:'))
    .addOption(new Option('--name <file>', 'name of the file').helpGroup('Options of a download:'))
    .addOption(new Option('--checksum <sum>', 'as sha256:…; the file must have it').helpGroup('Options of a download:'))
    .addHelpText('after', ADD_HELP)
    .action(lazy((commands) => commands.add));

  withProcessors(
    program
      .command('import')
      .description('add what export wrote: jobs, templates and other definitions')
      .argument('<file>', 'NDJSON or JSON; - for standard input'),
  )
    .option('--only <kinds>', 'only these kinds, for example jobs,templates', collectList)
    .option('--on-conflict <policy>', 'what is there already and differs: skip, replace, rename or fail', 'skip')
    .option('--new-ids', 'give every job a new id, also where others depend on it')
    .option('--without-history', 'of whole jobs what it takes to run them again')
    .option('--pause-schedules', 'bring schedules in paused')
    .option('--any-type', 'take jobs of types that no processor here knows')
    .option('-n, --dry-run', 'check everything and show what would change')
    .action(lazy((commands) => commands.importJobs));

  withProcessors(program.command('work').description('run jobs until Ctrl-C'))
    .option('-c, --concurrency <n>', 'jobs at once (10)')
    .option('-t, --types <types>', 'only jobs of these types (several: by comma)', collectList)
    .option('--drain', 'end when no job of these types is pending or running')
    .option('--grace <duration>', 'how long running jobs may take to end after Ctrl-C', '10s')
    .option('--name <name>', 'the name of this worker')
    .action(lazy((commands) => commands.work));
}

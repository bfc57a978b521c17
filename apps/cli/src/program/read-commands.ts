/**
 * Commands that only look.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Lazy } from './context';
import { collectList, withFilters } from './options';

/** Adds list, show, explain, history, state, logs, watch, wait, stats, export, plugins, doctor and completion. */
export function addReadCommands(program: Command, lazy: Lazy): void {
  withFilters(program.command('list').alias('ls').description('list jobs, the newest first'))
    .option('--sort <order>', 'created, updated, priority, or queue: the order in which they run', 'created')
    .option('-r, --reverse', 'the other way round')
    .option('-l, --limit <n>', 'jobs per page, 1 to 1000', '50')
    .option('--cursor <cursor>', 'the next page, as the page before named it')
    .option('-a, --all', 'all pages')
    .action(lazy((commands) => commands.list));

  program
    .command('show')
    .description('everything about one job')
    .argument('<id>', 'the id, or its beginning or end')
    .action(lazy((commands) => commands.show));

  program
    .command('explain')
    .description('why a job waits, or ended as it did')
    .argument('<id>', 'the id, or its beginning or end')
    .action(lazy((commands) => commands.explain));

  program
    .command('history')
    .description('what happened to a job: each change of its state, with who and when')
    .argument('<id>', 'the id, or its beginning or end; of a job that left the store the whole id')
    .action(lazy((commands) => commands.history));

  withFilters(program.command('state').description('the queue as it was: counts, and jobs, the newest first'))
    .option('--at <when>', 'that time: -2h, 2026-12-24, 2026-12-24T18:00')
    .option('-l, --limit <n>', 'jobs per page, 1 to 1000', '50')
    .option('--cursor <cursor>', 'the next page, as the page before named it')
    .action(lazy((commands) => commands.state));

  program
    .command('logs')
    .description('what a job logged')
    .argument('<id>', 'the id, or its beginning or end')
    .option('-f, --follow', 'go on until the job ends')
    .option('-n, --tail <n>', 'only the last lines')
    .option('--level <levels>', 'debug, info, warn, error (several: by comma)', collectList)
    .action(lazy((commands) => commands.logs));

  program
    .command('watch')
    .description('see jobs change: a live table on a terminal, a line per event elsewhere')
    .option('-t, --type <types>', 'only these types (several: by comma)', collectList)
    .option('--kind <kinds>', 'only these kinds of events (several: by comma)', collectList)
    .option('--from <seq>', 'events after this number, as far as the store keeps them')
    .action(lazy((commands) => commands.watch));

  program
    .command('wait')
    .description('wait until jobs have ended; runs none itself')
    .argument('<ids...>', 'ids, or their beginning or end')
    .option('--timeout <duration>', 'give up after so long, with exit code 124')
    .action(lazy((commands) => commands.wait));

  program
    .command('stats')
    .description('how many jobs there are, how fast they end, how the store is doing')
    .action(lazy((commands) => commands.stats));

  withFilters(program.command('export').description('write jobs, templates and other definitions, for import'))
    .option('--only <kinds>', 'only these kinds, for example jobs,templates; with a filter: jobs', collectList)
    .option('--format <format>', 'ndjson, or json', 'ndjson')
    .option('--with-history', 'whole jobs, with state, result, errors and logs')
    .action(lazy((commands) => commands.exportJobs));

  program
    .command('plugins')
    .description('what the plugins of the configuration contribute, and which do not load')
    .action(lazy((commands) => commands.plugins));

  program
    .command('doctor')
    .description('check the jobs folder')
    .option('--repair', 'mend what can be mended')
    .action(lazy((commands) => commands.doctor));

  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .action(lazy((commands) => (session, shell: string) => commands.completion(session, shell, program)));

  program
    .command('__complete', { hidden: true })
    .argument('<what>')
    .argument('[part]')
    .action(lazy((commands) => commands.complete));
}

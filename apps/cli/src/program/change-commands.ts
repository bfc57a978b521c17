/**
 * Commands that change jobs that are there.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Lazy } from './context';
import { collect, withTargets } from './options';

const IDS = 'ids, or their beginning or end; or give filter options';

/** Adds retry, cancel, remove, move, edit, clear, undo, pause and resume. */
export function addChangeCommands(program: Command, lazy: Lazy): void {
  withTargets(
    program.command('retry').description('run failed jobs again, and scheduled ones now').argument('[ids...]', IDS),
  ).action(lazy((commands) => commands.retry));

  withTargets(
    program.command('cancel').description('cancel pending and running jobs').argument('[ids...]', IDS),
  ).action(lazy((commands) => commands.cancel));

  withTargets(
    program.command('remove').alias('rm').description('delete jobs that do not run').argument('[ids...]', IDS),
  ).action(lazy((commands) => commands.remove));

  withTargets(program.command('move').description('change when pending jobs run').argument('[ids...]', IDS), [
    'priority',
  ])
    .option('--top', 'before all others of their priority')
    .option('--bottom', 'after all others of their priority')
    .option('--before <id>', 'right before this job, with its priority')
    .option('--after <id>', 'right after this job, with its priority')
    .option('-p, --priority <1-10>', 'another priority: 1 runs first')
    .action(lazy((commands) => commands.move));

  program
    .command('edit')
    .description('change pending jobs')
    .argument('<ids...>', 'ids, or their beginning or end')
    .option('--set <key=value>', 'a field of the data; key:=json for numbers and lists (several: repeat)', collect)
    .option('-d, --data <json>', 'the whole data: JSON, @file, or - for standard input')
    .option('-p, --priority <1-10>', '1 runs first')
    .option('--at <when>', 'not before this time; "now" takes the time away')
    .option('--attempts <n>', 'give up after so many failed attempts')
    .option('--timeout <duration>', 'how long one attempt may take; "none" takes the limit away')
    .option('--tag <tag>', 'all its tags anew (several: repeat)', collect)
    .option('-n, --dry-run', 'tell what would change, and change nothing')
    .action(lazy((commands) => commands.edit));

  program
    .command('clear')
    .description('delete jobs by state: completed, failed, finished (both), or all that do not run')
    .argument('<what>', 'completed, failed, finished or all')
    .option('--until <when>', 'only jobs that last changed before then: 7d, 2026-12-24')
    .option('-n, --dry-run', 'tell what would go, and delete nothing')
    .action(lazy((commands) => commands.clear));

  program
    .command('undo')
    .description('take a change back: jobs that have not moved on since stand again as before')
    .argument('[change]', 'its number, as the change told it; the newest one by default')
    .option('-n, --dry-run', 'tell what would be put back, and change nothing')
    .action(lazy((commands) => commands.undo));

  program
    .command('pause')
    .description('start no more jobs; running ones run on')
    .argument('[types...]', 'only jobs of these types')
    .action(lazy((commands) => commands.pause));

  program
    .command('resume')
    .description('start jobs again after a pause')
    .argument('[types...]', 'only jobs of these types')
    .action(lazy((commands) => commands.resume));
}

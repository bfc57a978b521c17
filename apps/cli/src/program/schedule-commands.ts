/**
 * Commands about schedules.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Lazy } from './context';
import { withProcessors, withRepeatableOptions } from './options';

const SET_HELP = `
Examples:
  leviathan schedule set nightly download https://example.org/a.iso --cron "30 2 * * *"
  leviathan schedule set nightly --cron "0 4 * * mon-fri" --overlap skip     changes what is given, keeps the rest
  leviathan schedule set tidy resize --every 6h --any-type`;

/** Adds schedule, with its own commands. */
export function addScheduleCommands(program: Command, lazy: Lazy): void {
  const schedule = program.command('schedule').description('jobs that come again and again');

  schedule
    .command('list')
    .alias('ls')
    .description('all schedules, with their next run')
    .action(lazy((commands) => commands.scheduleList));

  schedule
    .command('show')
    .description('everything about one schedule')
    .argument('<name>')
    .action(lazy((commands) => commands.scheduleShow));

  const set = withTiming(
    schedule
      .command('set')
      .description('make a schedule, or change one')
      .argument('<name>', 'lower-case letters, digits, . _ -')
      .argument('[type]', 'what kind of job; left out: the job stays as it is')
      .argument('[data...]', 'its data as key=value; a download takes its URL as it is'),
  )
    .option('-d, --data <json>', 'its data as JSON, @file, or - for standard input')
    .option('--missed <policy>', 'runs that were missed: none, one in place of all, or all (one)')
    .option('--missed-cap <n>', 'of missed runs the newest so many, with --missed all (100)')
    .option('--overlap <policy>', 'while the job before is not finished: allow, skip, replace, queue (allow)')
    .option('--any-type', 'take it even if no processor here knows the type');
  withProcessors(withRepeatableOptions(set))
    .addHelpText('after', SET_HELP)
    .action(lazy((commands) => commands.scheduleSet));

  for (const [name, description, pick] of CHANGES) {
    schedule
      .command(name)
      .description(description)
      .argument('<names...>')
      .action(lazy((commands) => commands[pick]));
  }

  schedule
    .command('trigger')
    .description('add its job now; print the id')
    .argument('<name>')
    .action(lazy((commands) => commands.scheduleTrigger));

  withTiming(
    schedule.command('preview').description('when it comes next').argument('[name]', 'left out: try a timing first'),
  )
    .option('-n, --count <n>', 'so many times', '5')
    .action(lazy((commands) => commands.schedulePreview));
}

const CHANGES = [
  ['pause', 'make no more jobs until resumed', 'schedulePause'],
  ['resume', 'go on with the next run', 'scheduleResume'],
  ['remove', 'delete schedules; their jobs stay', 'scheduleRemove'],
] as const;

function withTiming(command: Command): Command {
  return command
    .option('--cron <pattern>', 'minute, hour, day, month, day of week; six fields: seconds in front')
    .option('--every <duration>', 'so much time from run to run: 90s, 6h')
    .option('--timezone <zone>', 'whose clock --cron reads: Europe/Berlin (the zone of this machine)')
    .option('--start <when>', 'no run before this time')
    .option('--end <when>', 'no run after this time')
    .option('--limit <n>', 'so many runs in all');
}

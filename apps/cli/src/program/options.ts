/**
 * Options that several commands share.
 *
 * @module
 */
import { type Command, Option } from 'commander';

/** Collects the values of an option that may be given several times. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Like {@link collect}, and takes several values at once, separated by commas. */
export function collectList(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(',').filter((part) => part !== '')];
}

function add(
  command: Command,
  flags: string,
  description: string,
  parse?: (value: string, previous: string[] | undefined) => string[],
): void {
  const option = new Option(flags, description);
  command.addOption(parse === undefined ? option : option.argParser(parse));
}

/** The options that say which jobs. `priority` is left out where the command has a `--priority` of its own. */
export function withFilters(command: Command, leaveOut: readonly 'priority'[] = []): Command {
  add(command, '-s, --status <states>', 'pending, active, completed, failed (several: by comma)', collectList);
  add(command, '-t, --type <types>', 'jobs of these types (several: by comma)', collectList);
  add(command, '--tag <tag>', 'jobs with this tag (several: all of them)', collect);
  add(command, '--text <text>', 'jobs with this text in id, type, key, tags, error or data');
  add(command, '--since <when>', 'changed since then: 2h, 2026-12-24, 2026-12-24T18:00');
  add(command, '--until <when>', 'last changed before then');
  add(
    command,
    '--reason <reasons>',
    'failed because of: error, timeout, cancelled, expired, crashed, dependency',
    collectList,
  );
  add(command, '--key <key>', 'the job with this key');
  add(command, '--parent <id>', 'jobs that this job added while it ran');
  if (!leaveOut.includes('priority'))
    add(command, '--priority <numbers>', 'jobs of these priorities, 1 to 10', collectList);
  return command;
}

/** The options of commands that change jobs by id or by filter. */
export function withTargets(command: Command, leaveOut: readonly 'priority'[] = []): Command {
  withFilters(command, leaveOut);
  return command.option('-n, --dry-run', 'tell what would change, and change nothing');
}

/** Modules with the caller's own processors. */
export function withProcessors(command: Command): Command {
  add(command, '--processors <file>', 'a module whose default export is a processor or a list of them', collect);
  return command;
}

/** The options of one new job. */
export function withJobOptions(command: Command): Command {
  command
    .option('--id <id>', 'an id of your own')
    .option('--delay <duration>', 'wait so long before it may run: 5m, 1h30m')
    .option('--at <when>', 'not before this time: 2026-12-24T18:00, "in 2h"');
  return withRepeatableOptions(command);
}

/** The options that jobs can have which come again and again. */
export function withRepeatableOptions(command: Command): Command {
  command
    .option('-p, --priority <1-10>', '1 runs first, 10 last (5)')
    .option('--attempts <n>', 'give up after so many failed attempts (3)')
    .option('--timeout <duration>', 'how long one attempt may take')
    .option('--on-crash <policy>', 'resume, hold (until it is approved) or fail when its process dies (resume)')
    .option('--dead-letter <type>', 'add a job of this type when it fails for good')
    .option('--ttl <duration>', 'fail if it still waits after so long')
    .option('--ageing <duration>', 'a better priority by one each time it has waited so long for its turn')
    .option(
      '--retry-for <duration>',
      'start no attempt later than so long after the first; with no --attempts, as many as fit',
    )
    .option('--key <key>', 'at most one pending or running job holds a key')
    .option('--group <group>', 'whose job it is: groups take turns, and limits may count by group');
  add(command, '--needs <pools>', 'what it takes of which pool, as gpu or memory=512 (several: by comma)', collectList);
  add(command, '--tag <tag>', 'a tag to find it by (several: repeat)', collect);
  return command;
}

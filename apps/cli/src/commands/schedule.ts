/** `leviathan schedule …` @module */
import type { Schedule, ScheduleSpec } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { scheduleLines, scheduleTable } from '../format/schedule';
import { anchored, readJobData } from '../parse/job-data';
import { parseInteger } from '../parse/number';
import { parsePolicies, parseScheduledJob, parseTiming, type ScheduleFlags, type TimingFlags } from '../parse/schedule';
import { checkTypes } from '../parse/types';
import { loadProcessors } from '../processors';
import type { Session } from '../session';

/** Who asks, for the audit trail. */
const BY = { by: 'cli' };
const MOST = 1_000;

interface SetOptions extends ScheduleFlags {
  data?: string;
  anyType?: boolean;
  processors?: string[];
}

export async function scheduleList(session: Session): Promise<number> {
  const schedules = await (await session.queue('read')).schedules.list();
  const { out } = session;
  if (out.json) await out.value(schedules);
  else if (schedules.length > 0) await out.lines(scheduleTable(schedules, session));
  else out.note('No schedules.');
  return EXIT.ok;
}

export async function scheduleShow(session: Session, name: string): Promise<number> {
  await tell(session, await presentOf(session, 'read', name));
  return EXIT.ok;
}

/** A new schedule, or what the options change in one that is there. */
export async function scheduleSet(
  session: Session,
  name: string,
  type: string | undefined,
  args: string[],
  options: SetOptions,
): Promise<number> {
  const { schedules } = await session.queue('write');
  const before = await schedules.get(name);
  const now = session.io.now();
  const { missed, missedCap, overlap } = before ?? {};
  const kept = { missed, missedCap, overlap };
  const spec = {
    ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)),
    ...parsePolicies(options),
    ...parseTiming(options, before ?? {}, now),
    job: await jobOf(session, before, type, args, options),
  } as ScheduleSpec;
  await tell(session, await schedules.set(name, spec, BY));
  return EXIT.ok;
}

export async function schedulePause(session: Session, names: string[]): Promise<number> {
  const { schedules } = await session.queue('write');
  return tellAll(session, names, 'Paused', (name) => schedules.pause(name, BY));
}

export async function scheduleResume(session: Session, names: string[]): Promise<number> {
  const { schedules } = await session.queue('write');
  return tellAll(session, names, 'Resumed', (name) => schedules.resume(name, BY));
}

export async function scheduleRemove(session: Session, names: string[]): Promise<number> {
  const { schedules } = await session.queue('write');
  return tellAll(session, names, 'Removed', (name) => schedules.remove(name, BY));
}

export async function scheduleTrigger(session: Session, name: string): Promise<number> {
  const { schedules } = await session.queue('write');
  const { id, added } = await schedules.trigger(name);
  if (session.out.json) await session.out.value({ id, added });
  else await session.out.line(id);
  if (!added) session.out.note('That job was there already.');
  return EXIT.ok;
}

export async function schedulePreview(
  session: Session,
  name: string | undefined,
  options: TimingFlags & { count: string },
): Promise<number> {
  const { schedules } = await session.queue('read');
  const { count: wanted, ...flags } = options;
  const isTrial = flags.cron !== undefined || flags.every !== undefined;
  if (isTrial === (name !== undefined))
    throw new UsageError(
      'Name a schedule, or a timing to try: --cron or --every.',
      'leviathan schedule preview --cron "30 2 * * *"',
    );
  const count = parseInteger(wanted, '--count', 1, MOST);
  const schedule = name ?? parseTiming(flags, {}, session.io.now());
  const runs = (await schedules.preview(schedule, count)).map((run) => run.toISOString());
  if (session.out.json) await session.out.value(runs);
  else await session.out.lines(runs);
  if (runs.length === 0) session.out.note('It comes no more.');
  return EXIT.ok;
}

async function jobOf(
  session: Session,
  before: Schedule | null,
  type: string | undefined,
  args: readonly string[],
  { data, processors, anyType, ...flags }: SetOptions,
): Promise<ScheduleSpec['job']> {
  const given = parseScheduledJob(flags, session.io.now());
  if (type === undefined) {
    if (!before) throw new UsageError('Which type of job?', `leviathan schedule set <name> <type> --every 6h.`);
    if (data !== undefined) throw new UsageError('--data needs the type of the job: schedule set <name> <type>.');
    const options = { ...before.job.options, ...given };
    return { ...before.job, ...(Object.keys(options).length > 0 && { options }) };
  }
  const loaded = await loadProcessors(session, processors);
  const types = loaded.processors.map((processor) => processor.type);
  if (!anyType) checkTypes([type], types);
  const read = await readJobData(type, { args, data }, () => session.readInput());
  return { type, data: anchored(type, read, session.io.cwd), ...(Object.keys(given).length > 0 && { options: given }) };
}

async function presentOf(session: Session, purpose: 'read' | 'write', name: string): Promise<Schedule> {
  const { DefinitionNotFoundError } = await import('@leviathan/core');
  const schedule = await (await session.queue(purpose)).schedules.get(name);
  if (schedule === null) throw new DefinitionNotFoundError('schedule', name);
  return schedule;
}

async function tell(session: Session, schedule: Schedule): Promise<void> {
  if (session.out.json) await session.out.value(schedule);
  else await session.out.lines(scheduleLines(schedule, session));
}

async function tellAll(
  session: Session,
  names: readonly string[],
  done: string,
  change: (name: string) => Promise<unknown>,
): Promise<number> {
  for (const name of names) await change(name);
  if (session.out.json) await session.out.value(names);
  session.out.note(`${done} ${names.join(', ')}.`);
  return EXIT.ok;
}

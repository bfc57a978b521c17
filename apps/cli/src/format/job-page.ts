/**
 * Everything about one job, as lines.
 *
 * @module
 */
import type { Explanation, Job, JobChildren, JobError, JobLog } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import type { Session } from '../session';
import { detailOf, stateOf } from './job';
import { manyLines, oneLine } from './safe';
import { wrap } from './text';
import { duration, relative, timeOfDay } from './time';

const LABEL_COLUMNS = 12;
const SHOWN_CHILDREN = 5;
const CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi;

/** The page of `show`: facts, data, result, errors and logs; never wider than the terminal. */
export function jobLines(job: Job, session: Session, explanation?: Explanation): string[] {
  const { colors: c, columns } = session.out;
  const now = session.io.now();
  const lines = [
    `${c.bold(job.id)}  ${stateOf(job, c, now)}`,
    ...(explanation === undefined ? [] : [oneLine(explanation.sentence)]),
    ...facts(job, now).map(([label, value]) => `${c.dim(label.padEnd(LABEL_COLUMNS))}${oneLine(value)}`),
    ...section('Data', json(job.data), c),
    ...section('Result', job.result === undefined ? [] : json(job.result), c),
    ...section(
      'Errors',
      job.metadata.errors.flatMap((error) => errorLines(error, c)),
      c,
    ),
    ...section(
      'Logs',
      job.metadata.logs.map((log) => logLine(log, c)),
      c,
    ),
  ];
  return lines.flatMap((line) => wrap(line, columns, 4));
}

/** One log line: time, level, message, fields. */
export function logLine(log: JobLog, c: Colors): string {
  const level = { debug: c.dim('debug'), info: c.cyan('info '), warn: c.yellow('warn '), error: c.red('error') }[
    log.level
  ];
  const fields = log.fields === undefined ? '' : `  ${c.dim(oneLine(JSON.stringify(log.fields)))}`;
  return `${c.dim(timeOfDay(log.at))} ${level} ${oneLine(log.message)}${fields}`;
}

function facts(job: Job, now: number): [label: string, value: string][] {
  const time = (iso: string): string => `${relative(iso, now)} (${iso})`;
  const rows: [string, string | undefined][] = [
    ['type', job.type],
    ['priority', String(job.priority)],
    [
      'attempt',
      `${job.attempt} of ${job.maxAttempts}${job.metadata.crashes ? `, ${job.metadata.crashes} crashed` : ''}`,
    ],
    [
      'progress',
      job.status === 'active' ? `${Math.floor(job.metadata.progress)}%  ${detailOf(job.metadata.detail)}` : undefined,
    ],
    ['created', time(job.created)],
    ['runs', job.runAt === undefined ? undefined : time(job.runAt)],
    ['started', job.started === undefined ? undefined : time(job.started)],
    ['finished', job.finished === undefined ? undefined : `${time(job.finished)}${took(job)}`],
    ['worker', job.worker],
    ['key', job.key],
    ['group', job.group],
    ['needs', job.needs && needsOf(job.needs)],
    ['tags', job.tags?.join(', ')],
    ['depends on', job.dependsOn && `${job.dependsOn.join(', ')}${policyOf(job)}`],
    ['expires', job.expiresAt === undefined ? undefined : time(job.expiresAt)],
    ['ages', job.ageing === undefined ? undefined : `by one every ${duration(job.ageing)}`],
    ['retries', job.retryFor === undefined ? undefined : `for ${duration(job.retryFor)}`],
    ['on crash', job.onCrash],
    ['dead letter', job.deadLetter && `a job of type ${job.deadLetter}`],
    ['letter of', job.deadLetterOf && `${job.deadLetterOf.id}, ${job.deadLetterOf.type} (${job.deadLetterOf.reason})`],
    ['steps done', job.metadata.steps?.map(({ name }) => name).join(', ')],
    ['added by', job.parent],
    ['children', job.children?.map(childrenOf).join('; ')],
    ['timeout', job.timeout === undefined ? undefined : duration(job.timeout)],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined);
}

function needsOf(needs: Record<string, number>): string {
  return Object.entries(needs)
    .map(([pool, amount]) => `${amount} ${pool}`)
    .join(', ');
}

/** Ids of its children, the first of many. */
function childrenOf({ name, ids, onChildFailed }: JobChildren): string {
  const more = ids.length > SHOWN_CHILDREN ? ` and ${ids.length - SHOWN_CHILDREN} more` : '';
  const policy = onChildFailed === undefined ? '' : ` (if one fails: ${onChildFailed})`;
  return `${name}: ${ids.slice(0, SHOWN_CHILDREN).join(', ')}${more}${policy}`;
}

function policyOf({ onParentFailed }: Job): string {
  return onParentFailed === undefined ? '' : `; if one fails: ${onParentFailed}`;
}

function took({ started, finished }: Job): string {
  return started === undefined || finished === undefined
    ? ''
    : `, took ${duration(Date.parse(finished) - Date.parse(started))}`;
}

function section(title: string, lines: readonly string[], c: Colors): string[] {
  return lines.length === 0 ? [] : ['', c.bold(title), ...lines.map((line) => `  ${line}`)];
}

function json(value: unknown): string[] {
  // Passwords in URLs stay off the screen; --json shows the data as it is.
  return manyLines(JSON.stringify(value, null, 2) ?? 'null').map((line) => line.replace(CREDENTIALS, '$1***@'));
}

function errorLines(error: JobError, c: Colors): string[] {
  const [first = '', ...rest] = manyLines(error.message);
  const code = error.code === undefined ? '' : ` [${oneLine(error.code)}]`;
  return [
    `${c.dim(timeOfDay(error.at))} attempt ${error.attempt}: ${c.red(oneLine(error.name))}${code} ${first}`,
    ...rest,
  ];
}

/**
 * The options of a new job, from the command line and from lines of NDJSON.
 *
 * @module
 */
import {
  CRASH_POLICIES,
  JOB_OPTION_KEYS,
  type JobOptions,
  type Json,
  PARENT_POLICIES,
  UNIQUE_MODES,
  type Unique,
} from '@leviathan/core';
import { UsageError } from '../errors';
import { isObject, parseJson } from './data';
import { parseDuration } from './duration';
import { parseInteger } from './number';
import { parseWhen } from './when';

/** Job options as commander hands them over. */
export interface JobFlags {
  id?: string;
  priority?: string;
  delay?: string;
  at?: string;
  attempts?: string;
  timeout?: string;
  ttl?: string;
  ageing?: string;
  retryFor?: string;
  onCrash?: string;
  deadLetter?: string;
  tag?: string[];
  key?: string;
  unique?: string;
  group?: string;
  needs?: string[];
  dependsOn?: string[];
  onParentFailed?: string;
}

/**
 * Reads the flags of a new job.
 * @throws UsageError
 */
export function parseJobFlags(flags: JobFlags, now: number): JobOptions {
  const options: JobOptions = {};
  if (flags.delay !== undefined && flags.at !== undefined) throw new UsageError('--delay and --at exclude each other.');
  if (flags.id !== undefined) options.id = flags.id;
  if (flags.priority !== undefined) options.priority = parseInteger(flags.priority, '--priority', 1, 10);
  if (flags.delay !== undefined) options.delay = parseDuration(flags.delay, 'duration for --delay');
  if (flags.at !== undefined) options.runAt = parseWhen(flags.at, now, 'future');
  if (flags.attempts !== undefined) options.attempts = parseInteger(flags.attempts, '--attempts', 1, 1000);
  if (flags.timeout !== undefined) options.timeout = parseDuration(flags.timeout, 'duration for --timeout');
  if (flags.ttl !== undefined) options.ttl = parseDuration(flags.ttl, 'duration for --ttl');
  if (flags.ageing !== undefined) options.ageing = parseDuration(flags.ageing, 'duration for --ageing');
  if (flags.retryFor !== undefined) options.retryFor = parseDuration(flags.retryFor, 'duration for --retry-for');
  if (flags.deadLetter !== undefined) options.deadLetter = flags.deadLetter;
  if (flags.onCrash !== undefined) options.onCrash = parseWord(flags.onCrash, '--on-crash', CRASH_POLICIES);
  if (flags.tag !== undefined) options.tags = flags.tag;
  if (flags.key !== undefined) options.key = flags.key;
  if (flags.unique !== undefined) options.unique = parseUnique(flags.unique);
  if (flags.group !== undefined) options.group = flags.group;
  if (flags.needs !== undefined) options.needs = Object.fromEntries(flags.needs.map(parseNeed));
  if (flags.dependsOn !== undefined) options.dependsOn = flags.dependsOn;
  if (flags.onParentFailed !== undefined)
    options.onParentFailed = parseWord(flags.onParentFailed, '--on-parent-failed', PARENT_POLICIES);
  return options;
}

function parseWord<Word extends string>(text: string, flag: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text);
  if (word) return word;
  throw new UsageError(`${flag} must be one of ${words.join(', ')}, not ${JSON.stringify(text)}.`);
}

/** `gpu` or `memory=512`. */
function parseNeed(text: string): [pool: string, amount: number] {
  const [pool = '', amount = '1', ...more] = text.split('=');
  if (pool === '' || more.length > 0 || !(Number(amount) > 0))
    throw new UsageError(`--needs must be <pool> or <pool>=<amount>, not ${JSON.stringify(text)}.`);
  return [pool, Number(amount)];
}

function parseUnique(text: string): Unique {
  const [mode, ...times] = text.split(/[:,]/);
  const [wait, maxWait] = times.map((time) => parseDuration(time, 'duration for --unique'));
  if (mode === 'throttle' && wait !== undefined && times.length === 1) return { throttle: wait };
  if (mode === 'debounce' && wait !== undefined && times.length <= 2)
    return maxWait === undefined ? { debounce: wait } : { debounce: wait, maxWait };
  const plain = UNIQUE_MODES.filter((one) => one !== 'debounce' && one !== 'throttle');
  const found = plain.find((one) => one === text);
  if (found) return found;
  throw new UsageError(
    `--unique must be ${plain.join(', ')}, debounce:<wait>[,<at most>] or throttle:<window>, not ${JSON.stringify(text)}.`,
  );
}

/** One job to add: a line of a batch. */
export interface Definition {
  type: string;
  data: Json;
  options: JobOptions;
}

/** Fields of a whole record that say what became of the job there: the definition is taken, its history is not. */
const RECORD_KEYS: readonly string[] = [
  'status',
  'created',
  'updated',
  'metadata',
  'rev',
  'order',
  'attempt',
  'maxAttempts',
  'agedAt',
  'deadLetterOf',
  'started',
  'finished',
  'worker',
  'cancelling',
  'held',
  'skipped',
  'result',
  'reason',
];

/**
 * Reads one definition: `{"type", "data", …options}`, or a whole record as `export --with-history` writes it.
 * @throws UsageError
 */
export function parseDefinition(value: Json, where: string): Definition {
  if (!isObject(value))
    throw new UsageError(`${where} is not a JSON object.`, 'Each line is {"type": "…", "data": {…}}.');
  const { type, data, ...rest } = value;
  if (typeof type !== 'string' || type === '')
    throw new UsageError(`${where} has no type.`, 'Each line is {"type": "…", "data": {…}}.');
  const record = 'status' in rest;
  const unknown = Object.keys(rest).find(
    (key) => !(JOB_OPTION_KEYS as readonly string[]).includes(key) && !(record && RECORD_KEYS.includes(key)),
  );
  if (unknown !== undefined) {
    throw new UsageError(
      `${where} has the unknown field ${JSON.stringify(unknown)}.`,
      `Known are type, data, ${JOB_OPTION_KEYS.join(', ')}.`,
    );
  }
  // Of the right names; the store checks the values, and names each fault with its path.
  const options = Object.fromEntries(
    JOB_OPTION_KEYS.filter((key) => key in rest).map((key) => [key, rest[key]]),
  ) as JobOptions;
  if (record && typeof rest.maxAttempts === 'number') options.attempts = rest.maxAttempts;
  return { type, data: data === undefined ? {} : data, options };
}

/**
 * Reads NDJSON; empty lines are skipped.
 * @throws UsageError that names the line
 */
export function parseDefinitions(text: string, source: string): Definition[] {
  const definitions: Definition[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const where = `${source}, line ${i + 1}`;
    definitions.push(parseDefinition(parseJson(line, where), where));
  }
  return definitions;
}

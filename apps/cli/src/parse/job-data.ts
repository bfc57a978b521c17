/**
 * The data of a new job from the arguments of a command.
 *
 * @module
 */
import { resolve } from 'node:path';
import type { Json } from '@leviathan/core';
import { UsageError } from '../errors';
import { BUILT_IN } from '../processors';
import { isObject, isPair, parsePairs, readData } from './data';

/** Where downloads go if nobody says otherwise: a folder below the current one. */
const DOWNLOADS = 'downloads';

/** What data is made of. */
export interface JobData {
  /** Pairs, the main field of a built-in type, or `-` for standard input. */
  args: readonly string[];
  /** The value of `--data`. */
  data?: string | undefined;
  /** Fields that options of the command set. */
  fields?: { [key: string]: Json };
}

/**
 * Puts the data together: `--data` or standard input, with fields on top.
 * @throws UsageError
 */
export async function readJobData(
  type: string,
  { args, data, fields = {} }: JobData,
  stdin: () => Promise<string>,
): Promise<Json> {
  const dash = args.includes('-');
  const given = dash ? '-' : data;
  if (dash && data !== undefined) throw new UsageError('"-" and --data exclude each other.');
  const base: Json = given === undefined ? {} : await readData(given, stdin);
  const rest = args.filter((arg) => arg !== '-');
  const bare = rest.filter((arg) => !isPair(arg));
  const all = { ...parsePairs(rest.filter(isPair)), ...mainField(type, bare), ...fields };
  if (Object.keys(all).length > 0 && !isObject(base)) throw new UsageError('Pairs need data that is a JSON object.');
  return isObject(base) ? { ...base, ...all } : base;
}

/** The job may run in another process with another current folder: the target of a download is named from the root of the disk. */
export function anchored(type: string, data: Json, cwd: string): Json {
  if (type !== 'download' || !isObject(data)) return data;
  if (data.to === undefined) return { ...data, to: resolve(cwd, DOWNLOADS) };
  return typeof data.to === 'string' ? { ...data, to: resolve(cwd, data.to) } : data;
}

function mainField(type: string, bare: readonly string[]): { [key: string]: Json } {
  const [value, another] = bare;
  if (value === undefined) return {};
  const field = BUILT_IN[type]?.mainField;
  if (field === undefined)
    throw new UsageError(`${JSON.stringify(value)} is not key=value.`, 'Write key=text, or key:=json.');
  if (another !== undefined)
    throw new UsageError(
      `One ${field} at a time; ${JSON.stringify(another)} is one too many.`,
      'Many at once: --batch.',
    );
  return { [field]: value };
}

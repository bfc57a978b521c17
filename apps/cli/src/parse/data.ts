/**
 * A job's data from the command line: `key=value` pairs, JSON, a file, or standard input.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import type { Json } from '@leviathan/core';
import { UsageError } from '../errors';

const PAIR = /^([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)(:?=)([\s\S]*)$/;

/** Whether an argument is a pair; a URL with a query is none. */
export function isPair(argument: string): boolean {
  return PAIR.test(argument);
}

/**
 * Builds an object from pairs. `key=value` is text; `key:=value` is JSON, for numbers, booleans, lists; `a.b=c` nests.
 * @throws UsageError
 */
export function parsePairs(pairs: readonly string[]): { [key: string]: Json } {
  const root: { [key: string]: Json } = Object.create(null);
  for (const pair of pairs) {
    const match = PAIR.exec(pair);
    if (match === null) {
      throw new UsageError(
        `${JSON.stringify(pair)} is not key=value.`,
        'Write key=text, or key:=json for numbers, true, lists.',
      );
    }
    const [, path = '', operator, text = ''] = match;
    assign(root, path, operator === ':=' ? parseJson(text, `the value of ${path}`) : text);
  }
  return plain(root);
}

/**
 * Parses JSON and says where it came from when it is broken.
 * @throws UsageError
 */
export function parseJson(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new UsageError(`${what} is not JSON: ${(error as Error).message}`);
  }
}

/**
 * JSON, `@file`, or `-` and `@-` for standard input.
 * @param what What it is, for messages.
 * @throws UsageError
 */
export async function readData(value: string, stdin: () => Promise<string>, what = '--data'): Promise<Json> {
  if (value === '-' || value === '@-') return parseJson(await stdin(), 'standard input');
  if (!value.startsWith('@')) return parseJson(value, what);
  const file = value.slice(1);
  try {
    return parseJson(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read the file of ${what}: ${(error as Error).message}`);
  }
}

/** Whether a value is a JSON object. */
export function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assign(root: { [key: string]: Json }, path: string, value: Json): void {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let at = root;
  for (const key of keys) {
    let next = at[key];
    if (next === undefined) {
      // No prototype while it is built: a key like __proto__ is then a key like any other.
      next = Object.create(null) as { [key: string]: Json };
      at[key] = next;
    }
    if (!isObject(next)) throw new UsageError(`${path} goes through ${key}, which has a value already.`);
    at = next;
  }
  if (at[last] !== undefined) throw new UsageError(`${path} is given twice.`, 'Write a list as key:=[1,2].');
  at[last] = value;
}

function plain(value: { [key: string]: Json }): { [key: string]: Json } {
  return JSON.parse(JSON.stringify(value)) as { [key: string]: Json };
}

/**
 * Parameters of a template from the command line.
 *
 * @module
 */
import { type Json, parseParameter, type Template } from '@leviathan/core';
import { UsageError } from '../errors';
import { parseJson } from './data';

const PARAM = /^([^=:]+)(:?=)([\s\S]*)$/;

/**
 * Reads `name=value`, as the template's parameter wants it, and `name:=json`.
 * @throws UsageError
 */
export function parseParams(pairs: readonly string[], template: Template): { [name: string]: Json } {
  const entries = pairs.map((pair): [string, Json] => {
    const [, name, operator, text] = PARAM.exec(pair) ?? [];
    if (name === undefined || text === undefined) {
      throw new UsageError(`--param ${JSON.stringify(pair)} is not name=value.`, 'Write name=value, or name:=json.');
    }
    const parameter = Object.hasOwn(template.parameters ?? {}, name) ? template.parameters?.[name] : undefined;
    return [name, operator === ':=' ? parseJson(text, `the value of ${name}`) : parseParameter(parameter, text)];
  });
  const names = entries.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--param ${twice} is given twice.`, 'Write a list as name:=[1,2].');
  return Object.fromEntries(entries);
}

/**
 * Placeholders in JSON: `{{name}}`.
 *
 * @module
 */
import type { Issue } from '../errors';
import type { Json } from '../job';

/** What a parameter may be called. */
export const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The mark that stands for two braces; a placeholder; two braces that are neither. */
const MARK = /\{\{\{\{|\{\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}\}|\{\{/g;

/** Deeper values are refused: whoever reads them one level per call would run out of stack. */
const MAX_DEPTH = 64;

/** Where a placeholder was found. */
export interface Placeholder {
  name: string;
  /** Its text is nothing else, so that it can become any value. */
  isWhole: boolean;
  path: (string | number)[];
}

/** Finds the placeholders in a value, in the order of the text; what is none but looks like one becomes an issue. */
export function findPlaceholders(
  value: Json,
  path: readonly (string | number)[],
  issues: Issue[],
  depth = 0,
): Placeholder[] {
  if (typeof value === 'string') return placeholdersOf(value, path, issues);
  if (typeof value !== 'object' || value === null) return [];
  if (depth === MAX_DEPTH) {
    issues.push({ path: [...path], message: `is nested more than ${MAX_DEPTH} levels deep` });
    return [];
  }
  return Object.entries(value).flatMap(([key, child]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (key.includes('{{')) issues.push({ path: at, message: 'a placeholder cannot stand in the name of a field' });
    return findPlaceholders(child, at, issues, depth + 1);
  });
}

/**
 * The value with its placeholders filled in. A field or an element that is nothing but the placeholder of a parameter without a value is
 * left out: undefined; inside a text there is nothing in its place.
 */
export function fill(value: Json, values: ReadonlyMap<string, Json>): Json | undefined {
  if (typeof value === 'string') return fillText(value, values);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((child) => fill(child, values)).filter((child) => child !== undefined);
  const fields = Object.entries(value).map(([key, child]) => [key, fill(child, values)] as const);
  return Object.fromEntries(fields.filter((field): field is [string, Json] => field[1] !== undefined));
}

function placeholdersOf(text: string, path: readonly (string | number)[], issues: Issue[]): Placeholder[] {
  const found: Placeholder[] = [];
  for (const [mark, name] of text.matchAll(MARK)) {
    if (name !== undefined) found.push({ name, isWhole: mark === text, path: [...path] });
    else if (mark === '{{')
      issues.push({
        path: [...path],
        message: 'has {{ without a name and }}; a placeholder is {{name}}, and {{{{ stands for two braces',
      });
  }
  return found;
}

function fillText(text: string, values: ReadonlyMap<string, Json>): Json | undefined {
  const [first] = text.matchAll(MARK);
  if (first?.[1] !== undefined && first[0] === text) return values.get(first[1]);
  return text.replace(MARK, (_mark, name?: string) => (name === undefined ? '{{' : String(values.get(name) ?? '')));
}

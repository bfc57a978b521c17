/**
 * Values from handlers and producers, as JSON.
 *
 * @module
 */
import { type Issue, ValidationError } from './errors';
import type { Json } from './job';

/**
 * What `value` is after a trip through JSON, or where it cannot make the trip (a BigInt, a cycle, `undefined` as the whole). The rules
 * are those of `JSON.stringify`: dates become texts, `NaN` becomes `null`, `undefined` fields vanish.
 */
export function jsonOf(value: unknown, path: (string | number)[]): { json: Json } | { issue: Issue } {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { json: value };
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return { issue: placeOfFault(value, path) ?? { path, message: `is not JSON: ${messageOf(error)}` } };
  }
  if (text === undefined) return { issue: { path, message: `is not JSON but ${typeof value}` } };
  return { json: JSON.parse(text) as Json };
}

/**
 * {@link jsonOf}, for values that must be JSON.
 * @throws ValidationError that names the place of the fault.
 */
export function toJson(subject: string, name: string, value: unknown): Json {
  const result = jsonOf(value, [name]);
  if ('json' in result) return result.json;
  throw new ValidationError(subject, [result.issue]);
}

/** {@link jsonOf}, for what is only shown: a text that says what was wrong takes the place of a value that is not JSON. */
export function toShownJson(value: unknown): Json {
  const result = jsonOf(value, []);
  return 'json' in result ? result.json : `[${result.issue.message}]`;
}

function placeOfFault(value: unknown, path: (string | number)[]): Issue | undefined {
  try {
    return findFault(value, path, new Set());
  } catch {
    return undefined; // A getter or a proxy that throws.
  }
}

function findFault(value: unknown, path: (string | number)[], ancestors: Set<object>): Issue | undefined {
  if (typeof value === 'bigint') return { path, message: 'is not JSON but a BigInt; pass a number or a text' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (ancestors.has(value)) return { path, message: 'is not JSON: it contains itself' };
  // Deeper than any stack: the caller tells the engine's own message.
  if (path.length > 500) return undefined;
  ancestors.add(value);
  for (const [key, child] of Object.entries(value)) {
    const fault = findFault(child, [...path, Array.isArray(value) ? Number(key) : key], ancestors);
    if (fault) return fault;
  }
  ancestors.delete(value);
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

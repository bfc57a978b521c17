/**
 * Values from handlers and producers, as JSON.
 *
 * @module
 */
import { type Issue, ValidationError } from './errors';
import type { Json } from './job';

/** An object of JSON. */
export type JsonObject = { [key: string]: Json };

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What `value` is after a trip through JSON, or where it cannot make the trip (a BigInt, a cycle, `undefined` as the whole). The rules
 * are those of `JSON.stringify`: dates become texts, `NaN` becomes `null`, `undefined` fields vanish.
 */
export function jsonOf(value: unknown, path: readonly (string | number)[]): { json: Json } | { issue: Issue } {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { json: value };
  const text = jsonTextOf(value, path);
  return typeof text === 'string' ? { json: JSON.parse(text) as Json } : { issue: text };
}

/** The first half of {@link jsonOf}: the text. */
export function jsonTextOf(value: unknown, path: readonly (string | number)[]): string | Issue {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return placeOfFault(value, [...path], error);
  }
  return text ?? { path: [...path], message: `is not JSON but ${typeof value}` };
}

/** Deeper values are taken for something else than JSON; they may be cycles. */
const MAX_DEPTH = 64;

/** Whether a value is JSON as it stands, so that the trip through a text would change nothing: no dates, no `undefined` fields. */
export function isJson(value: unknown, depth = 0): value is Json {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  // JSON knows no negative zero.
  if (typeof value === 'number') return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
  if (typeof value !== 'object' || depth === MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isJson(value[i], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) if (!isJson((value as Record<string, unknown>)[key], depth + 1)) return false;
  return true;
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

function placeOfFault(value: unknown, path: (string | number)[], error: unknown): Issue {
  let fault: Issue | undefined;
  try {
    fault = findFault(value, path, new Set());
  } catch {
    // A getter or a proxy that throws.
  }
  return fault ?? { path, message: `is not JSON: ${messageOf(error)}` };
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

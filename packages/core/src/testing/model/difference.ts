import { isStoreId, isUnnamed } from './unnamed';

/** Where two JSON values differ first, as a sentence; undefined when they are equal. Absent and `undefined` are the same. */
export function difference(expected: unknown, actual: unknown, path = ''): string | undefined {
  if (Object.is(expected, actual) || (isUnnamed(expected) && isStoreId(actual))) return undefined;
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    return `${path || 'it'} is ${show(actual)}, and should be ${show(expected)}`;
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length !== actual.length) {
    return `${path || 'it'} is ${show(actual)}, and should be ${show(expected)}`;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const at = Array.isArray(expected) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = difference(own(expected, key), own(actual, key), at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A type of jobs may be called `constructor`. */
function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const MAX_SHOWN = 600;

function show(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const TIMES = new Set(['at', 'since', 'created', 'updated', 'started', 'finished', 'runAt', 'expiresAt']);

/** The value without fields that tell a time. */
export function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !TIMES.has(key));
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutTimes(part)]));
}

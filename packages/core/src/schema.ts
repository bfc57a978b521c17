/**
 * Checks by the schema of any library that follows Standard Schema (standardschema.dev): zod, valibot, arktype.
 *
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Issue } from './errors';

/** A parsed value, or why there is none. */
export type Checked<T = unknown> = { value: T; issues?: undefined } | { value?: undefined; issues: Issue[] };

/**
 * Parses `value` by `schema`. Answers at once where the schema does (most do), by a promise otherwise. A schema that throws counts as one
 * that found a fault.
 *
 * @param path Where the value stands; the paths of the issues begin with it.
 */
export function check(
  schema: StandardSchemaV1,
  value: unknown,
  path: readonly (string | number)[],
): Checked | Promise<Checked> {
  let result: StandardSchemaV1.Result<unknown> | Promise<StandardSchemaV1.Result<unknown>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (error) {
    return broken(error, path);
  }
  if (!isThenable(result)) return checked(result, path);
  return Promise.resolve(result).then(
    (later) => checked(later, path),
    (error: unknown) => broken(error, path),
  );
}

/** Whether a value can be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

function checked(result: StandardSchemaV1.Result<unknown>, path: readonly (string | number)[]): Checked {
  if (!result.issues) return { value: result.value };
  return { issues: result.issues.map((issue) => ({ path: [...path, ...keysOf(issue)], message: issue.message })) };
}

function broken(error: unknown, path: readonly (string | number)[]): Checked {
  const message = error instanceof Error ? error.message : String(error);
  return { issues: [{ path: [...path], message: `cannot be checked: ${message}` }] };
}

function keysOf(issue: StandardSchemaV1.Issue): (string | number)[] {
  return (issue.path ?? []).map((part) => {
    const key = typeof part === 'object' ? part.key : part;
    return typeof key === 'symbol' ? String(key) : key;
  });
}

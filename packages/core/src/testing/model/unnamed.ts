/**
 * Ids that a store makes up by itself, and has not told yet.
 *
 * @module
 */
const STORE_ID = /^job_\d{4}-\d{2}-\d{2}_[0-9a-f-]{36}$/;
const UNNAMED = /^job_\?\d+$/;

/** Stands for such an id; it sorts behind those that are known. */
export function unnamed(n: number): string {
  return `job_?${String(n).padStart(4, '0')}`;
}

/** Whether a text stands for an id that is to be told. */
export function isUnnamed(text: unknown): text is string {
  return typeof text === 'string' && UNNAMED.test(text);
}

/** Whether it is an id as stores make them: `job_2025-01-30_<uuid>`. */
export function isStoreId(text: unknown): boolean {
  return typeof text === 'string' && STORE_ID.test(text);
}

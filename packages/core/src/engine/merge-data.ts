/** How the data of a job takes up more data. */
import type { Json } from '../job';

/**
 * Two lists are joined; a list inside an object is replaced. Everything else is a JSON Merge Patch, RFC 7396 §2: objects field by field,
 * `null` takes a field away, anything else replaces what was there.
 */
export function mergeData(target: Json, more: Json): Json {
  return Array.isArray(target) && Array.isArray(more) ? [...target, ...more] : mergePatch(target, more);
}

function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  // A map: among the names there may be `__proto__`.
  const merged = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Json } from '../../job';

/** `merge` of `Unique`: two lists are joined; all else is RFC 7396, as its section 2 has it. */
export function merged(target: Json, patch: Json): Json {
  return Array.isArray(target) && Array.isArray(patch) ? target.concat(patch) : mergePatch(target, patch);
}

function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: { [name: string]: Json } = isObject(target) ? { ...target } : {};
  for (const name of Object.keys(patch)) {
    const value = patch[name] as Json;
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

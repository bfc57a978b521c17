/**
 * What differs between two JSON values, field by field.
 *
 * @module
 */
import type { Json } from '../job';
import { isObject } from '../json';

/** One field that differs. */
export interface FieldChange {
  /** Its path; empty for the value as a whole. */
  path: (string | number)[];
  /** As it is there; left out: it is not there. Long values are cut to a text. */
  from?: Json;
  /** As it would be; left out: it would go. */
  to?: Json;
}

/** Fields that are told at most: more than that nobody reads. */
const MAX_CHANGES = 20;
/** Characters of a value's JSON text beyond which it is told as a text, cut. */
const MAX_SHOWN = 200;
/** Deeper values are compared as a whole. */
const MAX_DEPTH = 16;

/** The first differences, {@link MAX_CHANGES} at most; none when the values are equal. The order of an object's fields says nothing. */
export function diff(from: Json | undefined, to: Json | undefined): FieldChange[] {
  const changes: FieldChange[] = [];
  collect(from, to, [], changes);
  return changes;
}

function collect(
  from: Json | undefined,
  to: Json | undefined,
  path: (string | number)[],
  changes: FieldChange[],
): void {
  if (from === to || changes.length === MAX_CHANGES) return;
  if (path.length < MAX_DEPTH && isObject(from) && isObject(to)) {
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      collect(own(from, key), own(to, key), [...path, key], changes);
    }
  } else if (path.length < MAX_DEPTH && Array.isArray(from) && Array.isArray(to)) {
    for (let i = 0; i < Math.max(from.length, to.length); i++) collect(from[i], to[i], [...path, i], changes);
  } else if (JSON.stringify(from) !== JSON.stringify(to)) {
    changes.push({
      path,
      ...(from !== undefined && { from: shown(from) }),
      ...(to !== undefined && { to: shown(to) }),
    });
  }
}

function own(value: { [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function shown(value: Json): Json {
  const text = JSON.stringify(value);
  return text.length <= MAX_SHOWN ? value : `${text.slice(0, MAX_SHOWN)}…`;
}

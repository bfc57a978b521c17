/**
 * What a document may hold, as a person names it: `jobs,templates`.
 *
 * @module
 */
import { DEFINITION_FOLDERS, PORTABLE_KINDS, type PortableKind } from '@leviathan/core';
import { UsageError } from '../errors';

const NAMES: Readonly<Record<string, PortableKind>> = Object.fromEntries(
  PORTABLE_KINDS.map((kind) => [kind === 'job' ? 'jobs' : DEFINITION_FOLDERS[kind], kind]),
);

/** The names that {@link parseKinds} reads. */
export const KIND_NAMES = Object.keys(NAMES);

/**
 * Reads the values of `--only`.
 * @throws UsageError
 */
export function parseKinds(names: readonly string[]): PortableKind[] {
  return names.map((name) => {
    const kind = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (kind) return kind;
    throw new UsageError(`--only takes ${KIND_NAMES.join(', ')}, not ${JSON.stringify(name)}.`);
  });
}

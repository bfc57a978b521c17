/** Which records a change of definitions becomes. */
import { DEFINITION_KINDS, type DefinitionChange, type DefinitionKind } from '../definition';
import { type Issue, ValidationError } from '../errors';
import type { Json } from '../job';
import { checkTemplate } from '../template/check';
import { checkGate, checkLimit, checkPool } from './check-rules';
import { checkSchedule } from './check-schedule';
import { checkWindow } from './check-window';
import type { DefinitionTable } from './definition-table';
import type { Draft, RecordDraft } from './records';
import { DEFAULT_MAX_JOB_BYTES, isSafeId, jsonText } from './validate';

/** Adds what is wrong with a value to the issues, with paths from the value's root. */
export type DefinitionCheck = (value: Json, issues: Issue[], name: string) => void;

const CHECKS: Record<DefinitionKind, DefinitionCheck> = {
  limit: checkLimit,
  pool: checkPool,
  gate: checkGate,
  template: checkTemplate,
  schedule: checkSchedule,
  window: checkWindow,
};

/** What is wrong with a value for a definition of this kind; empty when it is valid. */
export function faultsOfDefinition(kind: DefinitionKind, value: Json, name: string): Issue[] {
  const issues: Issue[] = [];
  CHECKS[kind](value, issues, name);
  return issues;
}

/** Decides one atomic change. @throws ValidationError */
export function decideDefine(table: DefinitionTable, changes: readonly DefinitionChange[], by?: string): Draft[] {
  const issues: Issue[] = [];
  const records: RecordDraft[] = [];
  // The last word about a name counts.
  const texts = new Map<string, string>();
  for (const [i, { kind, name, value }] of changes.entries()) {
    const at = changes.length > 1 ? [i] : [];
    if (!DEFINITION_KINDS.includes(kind)) {
      issues.push({ path: [...at, 'kind'], message: `must be one of ${DEFINITION_KINDS.join(', ')}` });
      continue;
    }
    if (!isSafeId(name)) {
      issues.push({
        path: [...at, 'name'],
        message: 'must be 1 to 128 of the characters a-z 0-9 . _ -, the first a letter or digit',
      });
      continue;
    }
    const body = value === null ? '' : jsonText('value', value, DEFAULT_MAX_JOB_BYTES, at, issues);
    if (value !== null) {
      const faults = faultsOfDefinition(kind, value, name);
      issues.push(...faults.map(({ path, message }) => ({ path: [...at, 'value', ...path], message })));
    }
    const key = `${kind}/${name}`;
    if (body === (texts.get(key) ?? table.get(kind, name)?.text ?? '')) continue;
    texts.set(key, body);
    records.push({ op: 'define', kind, name, body, ...(by !== undefined && { by }) });
  }
  if (issues.length > 0)
    throw new ValidationError(changes.length > 1 ? 'A definition of the batch' : 'The definition', issues);
  if (records.length === 0) return [];
  return [records.length === 1 ? (records[0] as RecordDraft) : records];
}

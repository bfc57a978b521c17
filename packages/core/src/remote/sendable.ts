/**
 * What a channel would change on the way in silence, or cannot carry at all, told as the store itself would have told it.
 *
 * @module
 */
import { CheckedSpec } from '../checked-spec';
import { jsonText } from '../engine/validate';
import { type Issue, ValidationError } from '../errors';
import type { JobSpec } from '../job';
import type { AddOptions, ChangeRequest, Report, Settlement } from '../store';
import type { CallEntry } from './protocol';

/** Values that are JSON as a whole: what JSON makes of their parts is settled by its own rules. */
const JSON_FIELDS: ReadonlySet<string> = new Set(['data', 'result', 'detail', 'checkpoint']);

/**
 * Refuses values that JSON turns into something valid: `NaN` becomes `null`, which means "as before" or "none" in some places; a function
 * is left out.
 * @throws ValidationError
 */
export function checkSendable(method: CallEntry['method'], args: unknown[]): void {
  if (method !== 'add' && method !== 'change' && method !== 'list' && method !== 'claim') return;
  const issues: Issue[] = [];
  const subject = args[0];
  if (method === 'add' && Array.isArray(subject))
    for (const [i, spec] of subject.entries()) check(spec, subject.length > 1 ? [i] : [], issues);
  else check(subject, [], issues);
  if (issues.length > 0) throw new ValidationError(method === 'add' ? 'The job' : 'The call', issues);
}

/**
 * The arguments of an `add` as they travel: ids that were chosen for the specs stand in them, and data that its producer may change
 * before it is sent is copied.
 */
export function plainAdd([specs, options]: unknown[]): unknown[] {
  if (!Array.isArray(specs)) return [specs, options];
  const { ids, isRepeated: _tellsNothing, ...rest } = (options ?? {}) as AddOptions;
  return [specs.map((spec, i) => named(spec, ids?.[i])), options && rest];
}

function named(spec: unknown, id: string | undefined): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  const plain = CheckedSpec.plain(spec as JobSpec);
  return id === undefined || plain.id !== undefined ? plain : { ...plain, id };
}

function check(value: unknown, path: (string | number)[], issues: Issue[]): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) issues.push({ path, message: `must be a finite number, not ${value}` });
  } else if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    issues.push({ path, message: `must be JSON, not a ${typeof value}` });
  } else if (typeof value === 'object' && value !== null && path.length < 10) {
    for (const key in value) {
      const child: unknown = (value as Record<string, unknown>)[key];
      if (typeof child === 'string' || child === undefined) continue;
      if (typeof child === 'object' && JSON_FIELDS.has(key)) continue;
      check(child, [...path, Array.isArray(value) ? Number(key) : key], issues);
    }
  }
}

/**
 * For a call that could not be encoded: the same call reduced to JSON, or the error that tells where the fault is. A result that is not
 * JSON fails its job, as it does in every store.
 * @throws ValidationError
 */
export function reduceToJson(call: CallEntry, cause: unknown): CallEntry {
  const args =
    call.method === 'settle' ? [(call.args[0] as Settlement[]).map(failUnlessJson), ...call.args.slice(1)] : call.args;
  try {
    return { ...call, args: JSON.parse(JSON.stringify(args)) };
  } catch {
    const issues = faults(call.method, args);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError(
      'The call',
      issues.length > 0 ? issues : [{ path: [], message: `cannot be sent: ${reason}` }],
      { cause },
    );
  }
}

function faults(method: CallEntry['method'], args: unknown[]): Issue[] {
  const issues: Issue[] = [];
  const [subject] = args;
  if (method === 'add') {
    const specs = subject as JobSpec[];
    specs.forEach((spec, i) => {
      jsonText('data', spec?.data, Number.POSITIVE_INFINITY, specs.length > 1 ? [i] : [], issues);
    });
  }
  if (method === 'change') {
    const { change } = subject as ChangeRequest;
    if (change.action === 'edit') jsonText('data', change.patch.data, Number.POSITIVE_INFINITY, [], issues);
  }
  if (method === 'report') {
    for (const report of subject as Report[]) {
      jsonText('checkpoint', report.checkpoint, Number.POSITIVE_INFINITY, [], issues);
      jsonText('step', report.step, Number.POSITIVE_INFINITY, [], issues);
      jsonText('detail', report.detail, Number.POSITIVE_INFINITY, [], issues);
    }
  }
  return issues;
}

function failUnlessJson(settlement: Settlement): Settlement {
  if (settlement.outcome !== 'completed' || settlement.result === undefined) return settlement;
  const issues: Issue[] = [];
  jsonText('result', settlement.result, Number.POSITIVE_INFINITY, [], issues);
  if (issues.length === 0) return settlement;
  const { name, code, message } = new ValidationError('The result', issues);
  return {
    id: settlement.id,
    token: settlement.token,
    outcome: 'failed',
    reason: 'error',
    error: { name, code, message },
  };
}

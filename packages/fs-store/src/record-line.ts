/**
 * Records of the engine as lines of the journal: the meta is the record, the body is the job's data, result or checkpoint, or a step's result.
 *
 * @module
 */
import { isObject, isSafeId, type StoreRecord } from '@leviathan/core/engine';

/**
 * The meta of a record's line.
 * @param synced Number of the newest record that is on the device, if the line is to say so.
 */
export function metaOf(record: StoreRecord, synced?: number): string {
  const { seq, at, more, op, body: _, ...rest } = record as StoreRecord & { body?: string };
  const head = `{"seq":${seq},"at":${at}${more ? ',"more":1' : ''}${synced === undefined ? '' : `,"synced":${synced}`},"op":"${op}"`;
  const fields = JSON.stringify(rest);
  return fields === '{}' ? `${head}}` : `${head},${fields.slice(1)}`;
}

/** The body of a record's line; empty for none. */
export function bodyText(record: StoreRecord): string {
  return 'body' in record ? record.body : '';
}

/** Whether the record's body is a text that the index refers to later. */
export function keepsBody(
  record: StoreRecord,
): record is Extract<StoreRecord, { op: 'add' | 'edit' | 'restore' | 'complete' }> {
  const { op } = record;
  return (op === 'add' || op === 'edit' || op === 'restore' || op === 'complete') && record.body !== '';
}

const OPS = new Set<string>([
  'add',
  'start',
  'complete',
  'skip',
  'retry',
  'fail',
  'release',
  'report',
  'checkpoint',
  'step',
  'await',
  'cancel',
  'edit',
  'restore',
  'remove',
  'refuse',
  'pause',
  'worker',
  'define',
  'fire',
] satisfies StoreRecord['op'][]);

/**
 * The record of a line, or what is wrong with it. The checksum has proven that the line is as it was written; this guards against lines
 * that another version, or a hand, wrote.
 */
export function recordOf(meta: Record<string, unknown>, body: string): StoreRecord | string {
  const { seq, at, op } = meta;
  if (!Number.isInteger(seq) || typeof at !== 'number') return 'the record has no seq and at';
  if (typeof op !== 'string' || !OPS.has(op)) return `the record's op ${JSON.stringify(op)} is unknown`;
  if (op === 'add') {
    const fault = faultOfJob(meta.job, body);
    if (fault !== undefined) return fault;
  } else if (op !== 'worker' && op !== 'pause' && op !== 'define' && op !== 'fire' && typeof meta.id !== 'string')
    return `the ${op} record names no job`;
  if ((op === 'worker' || op === 'start') && typeof meta.worker !== 'string') return `the ${op} record names no worker`;
  if (op === 'worker' && typeof meta.instance !== 'string') return 'the worker record names no process';
  if (op === 'edit' && !isObject(meta.patch)) return 'the edit record changes nothing';
  if (op === 'restore' && faultOfRestored(meta.job)) return 'the restore record does not say how the job was';
  if (op === 'report' && meta.logs !== undefined && !Array.isArray(meta.logs)) return 'the logs are no list';
  if (op === 'define' && (typeof meta.kind !== 'string' || !isSafeId(meta.name)))
    return 'the define record names nothing';
  if (op === 'define' && body !== '' && !isJson(body)) return 'the definition is no JSON';
  if (op === 'fire' && (!isSafeId(meta.schedule) || !Number.isFinite(meta.slot)))
    return 'the fire record names no slot of a schedule';
  if (op === 'checkpoint' && !isJson(body)) return 'the checkpoint is no JSON';
  if (op === 'await' && !(typeof meta.name === 'string' && isTexts(meta.children))) return 'it waits for no children';
  if (op === 'step' && typeof meta.name !== 'string') return 'the step has no name';
  if (op === 'step' && body !== '' && !isJson(body)) return `the step's result is no JSON`;
  if (WITH_BODY.has(op)) return { ...meta, body } as unknown as StoreRecord;
  return meta as unknown as StoreRecord;
}

/** Records that have a body, be it empty. */
const WITH_BODY = new Set<string>(['add', 'edit', 'restore', 'complete', 'checkpoint', 'step', 'define']);

function faultOfRestored(job: unknown): boolean {
  if (!isObject(job) || (job.status !== 'pending' && job.status !== 'failed')) return true;
  return ['priority', 'order', 'maxAttempts'].some((key) => !Number.isFinite(job[key]));
}

function faultOfJob(job: unknown, body: string): string | undefined {
  if (!isObject(job) || !isSafeId(job.id) || typeof job.type !== 'string')
    return 'the added job has no valid id and type';
  for (const key of ['priority', 'maxAttempts', 'maxCrashes']) {
    if (!Number.isFinite(job[key])) return `the added job ${job.id} has no ${key}`;
  }
  return body === '' ? `the added job ${job.id} has no data` : undefined;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

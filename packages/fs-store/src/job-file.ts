/**
 * One job as a file: JSON with two spaces, the keys in the order of `JOB_KEYS`, a newline at the end. What is read back may have been
 * written by anybody, so it is checked field by field, and what is wrong with it has a code and a sentence.
 *
 * @module
 */
import {
  type Issue,
  JOB_KEYS,
  JOB_STATUSES,
  type Job,
  type JobSpec,
  type Json,
  LeviathanError,
  ValidationError,
} from '@leviathan/core';
import { DEFAULT_MAX_JOB_BYTES, isObject, parseJob } from '@leviathan/core/engine';

/** Version of the file's format. Files of this version do not carry it; a newer one says so in a field `format`. */
export const JOB_FILE_FORMAT = 1;

/** The file's content. */
export function serialiseJob(job: Job): string {
  const ordered: Record<string, unknown> = {};
  for (const key of JOB_KEYS) if (job[key] !== undefined) ordered[key] = job[key];
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** The file's content, from the job as JSON on one line, its keys in the order of `JOB_KEYS`. */
export function fileTextOf(text: string): string {
  return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
}

/** Why a file is no job, as it stands beside it in quarantine. */
export interface FileFault {
  /**
   * - `EMPTY`, `NUL`, `TORN`: not whole; a writer may be at it, or a power cut was.
   * - `NOT_A_JOB`: JSON, but no object with the fields of a job.
   * - `OTHER_ID`: the job of another file name.
   * - `NEWER_FORMAT`: of a newer version.
   * - `UNKNOWN_STATUS`, `INVALID`: fields whose values no job has; `details` lists them.
   * - `TOO_LARGE`
   */
  code:
    | 'EMPTY'
    | 'NUL'
    | 'TORN'
    | 'NOT_A_JOB'
    | 'OTHER_ID'
    | 'NEWER_FORMAT'
    | 'UNKNOWN_STATUS'
    | 'INVALID'
    | 'TOO_LARGE';
  message: string;
  details?: Json;
}

/** Whether a file with this fault may be one that its writer has not finished yet. */
export function mayBecomeWhole(fault: FileFault): boolean {
  return fault.code === 'EMPTY' || fault.code === 'NUL' || fault.code === 'TORN';
}

/** A job that was read from a file, checked. Fields that a person or an older program left out have their defaults. */
export interface ParsedJobFile {
  job: Job;
  /** The job's options as `add` takes them. */
  spec: JobSpec;
  /** The object of the file itself: its keys are those that really stood there. */
  raw: Record<string, Json>;
}

/** What a file turned out to be. */
export type FileVerdict = { parsed: ParsedJobFile } | { fault: FileFault };

/**
 * Reads a file's text.
 * @param id What the file's name says.
 * @param now When the job was created if the file does not tell, in epoch milliseconds.
 * @param maxBytes Largest JSON text of the data.
 */
export function parseJobFile(text: string, id: string, now: number, maxBytes = DEFAULT_MAX_JOB_BYTES): FileVerdict {
  const json = parseObject(text);
  if ('fault' in json) return json;
  const { raw } = json;
  const { format } = raw;
  if (format !== undefined && format !== JOB_FILE_FORMAT) return { fault: newerFormat(format) };
  if (raw.id !== id) {
    return fault('OTHER_ID', `The file is named ${id}.json and holds the job ${JSON.stringify(raw.id ?? null)}.`);
  }
  if (!(JOB_STATUSES as readonly unknown[]).includes(raw.status)) {
    return fault(
      'UNKNOWN_STATUS',
      `The status ${JSON.stringify(raw.status ?? null)} is none of ${JOB_STATUSES.join(', ')}.`,
    );
  }
  const { format: _format, ...fields } = raw;
  try {
    const read = parseJob(fields, now, maxBytes);
    return 'issues' in read ? invalid(read.issues) : { parsed: { ...read, raw } };
  } catch (error) {
    if (error instanceof LeviathanError) return fault('TOO_LARGE', error.message);
    throw error;
  }
}

/** The JSON object in a text, without the optional fields that are `null`: some languages write absent fields so. */
export function parseObject(text: string): { raw: Record<string, Json> } | { fault: FileFault } {
  if (text.trim() === '') return fault('EMPTY', 'The file is empty.');
  if (text.includes('\0')) return fault('NUL', 'The file holds NUL bytes: it was not written to its end.');
  let value: unknown;
  try {
    // Editors of Windows put a byte order mark in front.
    value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    return fault('TORN', `The file is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) {
    const found = Array.isArray(value) ? 'a list; put each job into a file of its own' : JSON.stringify(value);
    return fault('NOT_A_JOB', `The file must hold one JSON object, a job, not ${found.slice(0, 100)}.`);
  }
  const fields = Object.entries(value).filter(([key, field]) => field !== null || key === 'data' || key === 'result');
  return { raw: Object.fromEntries(fields) };
}

/** A fault that lists what is wrong, field by field. */
export function invalid(issues: Issue[]): { fault: FileFault } {
  const { message } = new ValidationError('The file', issues);
  return { fault: { code: 'INVALID', message, details: issues as unknown as Json } };
}

/** Which formats this version understands: said to whom has a newer file. */
export function newerFormat(format: Json): FileFault {
  return {
    code: 'NEWER_FORMAT',
    message: `The file has format ${JSON.stringify(format)}, this version reads ${JOB_FILE_FORMAT}: upgrade Leviathan, then move the file back.`,
  };
}

function fault(code: FileFault['code'], message: string): { fault: FileFault } {
  return { fault: { code, message } };
}

/**
 * Whatever a handler throws, as a record that can be stored.
 *
 * @module
 */

import type { JobError } from './job';
import { jsonOf } from './json';

/** What is known of a failure before the store adds the time and the attempt. */
export type Failure = Omit<JobError, 'at' | 'attempt'>;

/** Largest message of a stored error, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 10_000;

/** Largest stack of a stored error, its causes included, in bytes of UTF-8. */
export const MAX_STACK_BYTES = 20_000;

const MAX_NAME_BYTES = 200;
const MAX_CAUSES = 5;

/** Describes anything thrown: errors, texts, `undefined`, objects with cycles, proxies that throw when touched. Never throws itself. */
export function describeFailure(thrown: unknown): Failure {
  try {
    return thrown instanceof Error ? describeError(thrown) : describeOther(thrown);
  } catch {
    return { name: 'NonError', message: 'The handler threw something that cannot be read.' };
  }
}

/** The error's `code`, where it is a text or a number; what a class is checked by when the class may come from another copy of a package. */
export function codeOf(error: unknown): string | undefined {
  try {
    const code = (error as { code?: unknown } | null | undefined)?.code;
    if (typeof code === 'string' && code.length > 0) return clip(code, MAX_NAME_BYTES);
    return typeof code === 'number' ? String(code) : undefined;
  } catch {
    return undefined;
  }
}

function describeError(error: Error): Failure {
  const failure: Failure = {
    name: clip(String(error.name || 'Error'), MAX_NAME_BYTES),
    message: clip(String(error.message), MAX_MESSAGE_BYTES),
  };
  const code = codeOf(error);
  if (code !== undefined) failure.code = code;
  const stack = stackOf(error);
  if (stack) failure.stack = stack;
  return failure;
}

/** The stack and, unlike the engine's own, those of the causes: the first of them is often the only one that tells something. */
function stackOf(error: Error): string {
  const parts = [typeof error.stack === 'string' ? error.stack : ''];
  let cause: unknown = error.cause;
  for (let i = 0; i < MAX_CAUSES && cause !== undefined && cause !== null; i++) {
    if (!(cause instanceof Error)) {
      parts.push(`Caused by: ${describeOther(cause).message}`);
      break;
    }
    parts.push(`Caused by: ${cause.stack ?? String(cause)}`);
    cause = cause.cause;
  }
  return clip(parts.filter(Boolean).join('\n'), MAX_STACK_BYTES);
}

function describeOther(thrown: unknown): Failure {
  if (typeof thrown === 'string') return { name: 'NonError', message: clip(thrown, MAX_MESSAGE_BYTES) };
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'NonError', message: `The handler threw ${clip(String(thrown), MAX_MESSAGE_BYTES)}.` };
  }
  // Errors of another realm (a vm context, an iframe) and plain objects that look like errors.
  const { name, message } = thrown as { name?: unknown; message?: unknown };
  const result = typeof message === 'string' ? { json: message } : jsonOf(thrown, []);
  const text = 'json' in result ? result.json : Object.prototype.toString.call(thrown);
  const failure: Failure = {
    name: typeof name === 'string' && name.length > 0 ? clip(name, MAX_NAME_BYTES) : 'NonError',
    message: clip(typeof text === 'string' ? text : JSON.stringify(text), MAX_MESSAGE_BYTES),
  };
  const code = codeOf(thrown);
  if (code !== undefined) failure.code = code;
  return failure;
}

const encoder = new TextEncoder();
const scratch = new Uint8Array(MAX_STACK_BYTES);

/** The longest beginning of `text` that has at most `bytes` bytes, without half a character at its end. */
export function clip(text: string, bytes: number): string {
  // A UTF-16 unit is at most three bytes of UTF-8: most texts need no count.
  if (text.length * 3 <= bytes) return text;
  const { read } = encoder.encodeInto(text, scratch.subarray(0, bytes));
  if (read === text.length) return text;
  const room = encoder.encodeInto(text, scratch.subarray(0, bytes - '…'.length * 3)).read;
  return `${text.slice(0, room)}…`;
}

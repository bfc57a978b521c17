/**
 * Names and values by OpenTelemetry's semantic conventions for messaging
 * (https://opentelemetry.io/docs/specs/semconv/messaging/), a job being a message and its type the destination; and our own.
 *
 * @module
 */
import type { Job, JobSpec } from '@leviathan/core';
import type { Attributes } from '@opentelemetry/api';

/** What adding jobs is called. */
export const ADD = { name: 'add', type: 'send' } as const;
/** What running a handler is called. */
export const RUN = { name: 'run', type: 'process' } as const;

/** Of both spans, and of all measurements. */
export function operation({ name, type }: typeof ADD | typeof RUN, destination: string | undefined): Attributes {
  return {
    'messaging.system': 'leviathan',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    ...(destination !== undefined && { 'messaging.destination.name': destination }),
  };
}

/** The type of jobs that are added together; `undefined` when there are several. */
export function destinationOf(jobs: readonly Pick<JobSpec, 'type'>[]): string | undefined {
  const type = jobs[0]?.type;
  return jobs.every((job) => job.type === type) ? type : undefined;
}

/** Of the span of an attempt. */
export function attemptAttributes({ id, type, worker, attempt, priority }: Job): Attributes {
  return {
    ...operation(RUN, type),
    'messaging.message.id': id,
    ...(worker !== undefined && { 'messaging.client.id': worker }),
    'leviathan.job.attempt': attempt,
    'leviathan.job.priority': priority,
  };
}

/** What kind of error it is: its code where it has one, since codes are few and stable. */
export function errorType(error: unknown): string {
  const { code, name } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : '_OTHER';
}

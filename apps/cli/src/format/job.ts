/**
 * What a person wants to know of a job in a word or a line.
 *
 * @module
 */
import type { Job, JobStatus, Json } from '@leviathan/core';
import type { Colors } from 'picocolors/types';
import prettyBytes from 'pretty-bytes';
import { oneLine } from './safe';
import { duration, relative } from './time';

/** The mark and colour of each state: never colour alone. */
const STATES: Record<
  JobStatus | 'scheduled' | 'held',
  { mark: string; colour: keyof Colors & ('cyan' | 'yellow' | 'green' | 'red' | 'dim') }
> = {
  pending: { mark: '○', colour: 'cyan' },
  scheduled: { mark: '◷', colour: 'dim' },
  held: { mark: '?', colour: 'yellow' },
  active: { mark: '●', colour: 'yellow' },
  completed: { mark: '✓', colour: 'green' },
  failed: { mark: '✗', colour: 'red' },
};

/** A job's state with its mark and colour, for example `✗ failed (timeout)`. */
export function stateOf(job: Job, colors: Colors, now: number): string {
  const later = job.status === 'pending' && job.runAt !== undefined && Date.parse(job.runAt) > now;
  const state = job.held ? 'held' : later ? 'scheduled' : job.status;
  const { mark, colour } = STATES[state];
  const why = job.skipped
    ? ' (skipped)'
    : job.status === 'failed' && job.reason !== undefined && job.reason !== 'error'
      ? ` (${job.reason})`
      : '';
  const word = job.cancelling === true ? 'cancelling' : state;
  return colors[colour](`${mark} ${word}${why}`);
}

/** What the job is about: the file of its URL, or a name in its data, or nothing. */
export function titleOf(job: Pick<Job, 'data'>): string {
  const data = (typeof job.data === 'object' && job.data !== null ? job.data : {}) as Record<string, unknown>;
  for (const key of ['file', 'name', 'title', 'path', 'url']) {
    const value = data[key];
    if (typeof value === 'string' && value !== '') return oneLine(key === 'url' ? fileOfUrl(value) : value);
  }
  const text = job.data === undefined ? '' : JSON.stringify(job.data);
  return oneLine(text === '{}' || text === 'null' ? '' : text.slice(0, 200));
}

function fileOfUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const last = url.pathname.split('/').filter(Boolean).at(-1);
  if (last === undefined) return url.host;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** What a transfer tells with its progress; other processors may use the same names. */
interface Transfer {
  bytes?: number;
  total?: number;
  speed?: number;
  etaSeconds?: number;
}

/** A progress detail in a few words: `12 MB / 27 MB  3.2 MB/s  ETA 5s`; empty when there is none. */
export function detailOf(detail: Json | undefined): string {
  if (typeof detail === 'string') return oneLine(detail);
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return '';
  const { bytes, total, speed, etaSeconds } = detail as Transfer;
  const parts: string[] = [];
  if (isAmount(bytes))
    parts.push(isAmount(total) && total > 0 ? `${prettyBytes(bytes)} / ${prettyBytes(total)}` : prettyBytes(bytes));
  if (isAmount(speed) && speed > 0) parts.push(`${prettyBytes(speed)}/s`);
  if (isAmount(etaSeconds) && etaSeconds > 0) parts.push(`ETA ${duration(Math.ceil(etaSeconds) * 1000)}`);
  if (parts.length === 0) {
    const { bytes: _b, total: _t, speed: _s, etaSeconds: _e, ...others } = detail;
    for (const [key, value] of Object.entries(others).slice(0, 3)) {
      if (typeof value === 'string' || typeof value === 'number') parts.push(oneLine(`${key} ${value}`));
    }
  }
  return parts.join('  ');
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

/** The newest thing to know: the error of a failed job, the progress of a running one, when a waiting one is due. */
export function noteOf(job: Job, now: number): string {
  const error = job.metadata.errors.at(-1);
  if (job.status === 'failed') return error === undefined ? '' : oneLine(error.message);
  if (job.status === 'active') {
    return `${Math.floor(job.metadata.progress)}%  ${detailOf(job.metadata.detail)}`.trim();
  }
  if (job.status === 'pending') {
    const due = job.runAt !== undefined && Date.parse(job.runAt) > now ? `runs ${relative(job.runAt, now)}` : '';
    const retry = error === undefined ? '' : `after ${oneLine(error.message)}`;
    return [due, retry].filter(Boolean).join(' ');
  }
  return '';
}

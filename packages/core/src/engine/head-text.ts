/**
 * The head of a job as JSON text, made without the object: a snapshot has one of each job.
 *
 * @module
 */
import { type Entry, extraHeadOf } from './entry';
import { quoted } from './quoted';
import { type Run, runHeadOf } from './run';

/** JSON text of `headOf(entry)`. */
export function headTextOf(entry: Entry): string {
  const { run, extra } = entry;
  let text = `{"id":"${entry.id}","type":${quoted(entry.type)},"priority":${entry.priority}`;
  text += `,"maxAttempts":${entry.maxAttempts},"maxCrashes":${entry.maxCrashes}`;
  if (entry.runAt !== 0) text += `,"runAt":${entry.runAt}`;
  if (extra) text += fieldsOf(JSON.stringify(extraHeadOf(extra)));
  text += `,"status":"${entry.status}","created":${entry.created},"updated":${entry.updated},"rev":${entry.rev}`;
  if (entry.order !== entry.seq) text += `,"order":${entry.order}`;
  if (!run) return `${text}}`;
  if (run.attempt !== 0) text += `,"attempt":${run.attempt}`;
  if (run.retries !== 0) text += `,"retries":${run.retries}`;
  return `${text},"run":${run.isPlain ? plainText(run) : JSON.stringify(runHeadOf(run))}}`;
}

/** Of one that is plain. */
function plainText(run: Run): string {
  let text = '';
  if (run.token !== undefined) text += `,"token":${run.token}`;
  if (run.settled !== undefined) text += `,"settled":${run.settled}`;
  if (run.worker !== undefined) text += `,"worker":${quoted(run.worker)}`;
  if (run.started !== undefined) text += `,"started":${run.started}`;
  if (run.finished !== undefined) text += `,"finished":${run.finished}`;
  if (run.progress !== undefined) text += `,"progress":${run.progress}`;
  return `{${text.slice(1)}}`;
}

/** The fields of an object's text, to be put behind others. */
function fieldsOf(text: string): string {
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

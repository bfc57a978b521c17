/**
 * A job as JSON text, made without the job: for files and archives, which need no objects, of many jobs a second.
 *
 * @module
 */
import type { BodySource, Entry, EntryExtra } from './entry';
import { dataOf, metadataOf, resultOf } from './job-of';
import { quoted } from './quoted';
import type { Run } from './run';
import { isoOf } from './time';

/** The same text as `JSON.stringify(jobOf(entry, bodies))`. */
export function jobTextOf(entry: Entry, bodies: BodySource): string {
  const { run, extra } = entry;
  let text = `{"id":"${entry.id}","type":${quoted(entry.type)},"status":"${entry.status}","priority":${entry.priority}`;
  text += `,"created":"${isoOf(entry.created)}","updated":"${isoOf(entry.updated)}","data":${dataOf(entry, bodies)}`;
  text += `,"metadata":${metadataText(entry)},"rev":${entry.rev},"order":${entry.order}`;
  if (entry.runAt !== 0) text += `,"runAt":"${isoOf(entry.runAt)}"`;
  text += `,"attempt":${entry.attempt},"maxAttempts":${entry.maxAttempts},"maxCrashes":${entry.maxCrashes}`;
  if (extra) text += extraText(extra);
  if (run) text += runText(run, resultOf(entry, bodies));
  return `${text}}`;
}

function metadataText(entry: Entry): string {
  const { run } = entry;
  if (run && !run.isPlain) return JSON.stringify(metadataOf(entry));
  return `{"retries":${entry.retries},"progress":${run?.progress ?? 0},"logs":[],"errors":[]}`;
}

function extraText(extra: EntryExtra): string {
  const { backoff, timeout, dependsOn, onParentFailed, parent, children, key, group, needs, tags } = extra;
  let text = '';
  if (backoff) text += `,"backoff":${JSON.stringify(backoff)}`;
  if (timeout !== undefined) text += `,"timeout":${timeout}`;
  if (extra.retryFor !== undefined) text += `,"retryFor":${JSON.stringify(extra.retryFor)}`;
  if (extra.expiresAt !== undefined) text += `,"expiresAt":"${isoOf(extra.expiresAt)}"`;
  if (extra.ageing !== undefined) text += `,"ageing":${extra.ageing}`;
  if (extra.agedAt !== undefined) text += `,"agedAt":"${isoOf(extra.agedAt)}"`;
  if (extra.deadLetter !== undefined) text += `,"deadLetter":${JSON.stringify(extra.deadLetter)}`;
  if (extra.onCrash !== undefined) text += `,"onCrash":${JSON.stringify(extra.onCrash)}`;
  if (dependsOn) text += `,"dependsOn":${JSON.stringify(dependsOn)}`;
  if (onParentFailed) text += `,"onParentFailed":"${onParentFailed}"`;
  if (parent !== undefined) text += `,"parent":${JSON.stringify(parent)}`;
  if (children) text += `,"children":${JSON.stringify(children)}`;
  if (key !== undefined) text += `,"key":${quoted(key)}`;
  if (group !== undefined) text += `,"group":${quoted(group)}`;
  if (needs) text += `,"needs":${JSON.stringify(needs)}`;
  if (tags) text += `,"tags":${JSON.stringify(tags)}`;
  if (extra.deadLetterOf) text += `,"deadLetterOf":${JSON.stringify(extra.deadLetterOf)}`;
  if (extra.trace) text += `,"trace":${JSON.stringify(extra.trace)}`;
  return text;
}

function runText(run: Run, result: string | undefined): string {
  let text = '';
  if (run.started !== undefined) text += `,"started":"${isoOf(run.started)}"`;
  if (run.finished !== undefined) text += `,"finished":"${isoOf(run.finished)}"`;
  if (run.worker !== undefined) text += `,"worker":${quoted(run.worker)}`;
  if (run.cancelling) text += ',"cancelling":true';
  if (run.held) text += ',"held":true';
  if (run.skipped) text += ',"skipped":true';
  if (result !== undefined) text += `,"result":${result}`;
  if (run.reason) text += `,"reason":"${run.reason}"`;
  return text;
}

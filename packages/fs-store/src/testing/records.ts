import { bodyOf, type Line, LineEncoder } from '../codec';
import { type Files, nodeFiles } from '../files';
import { type AppendBatch, Journal, type JournalOptions } from '../journal';
import { Replay } from '../replay';

/** A batch of records `first` to `last`, atomic as a whole; the body of each says its number. */
export function batch(first: number, last = first, filler = ''): AppendBatch {
  const encoder = new LineEncoder();
  for (let seq = first; seq <= last; seq++) {
    encoder.add(JSON.stringify(seq < last ? { seq, more: 1, op: 'test' } : { seq, op: 'test' }), bodyFor(seq, filler));
  }
  return { lines: encoder.take(), first, last };
}

/** A record that says up to where the journal was on the device when it was written. */
export function vouching(seq: number, synced: number): Buffer {
  const encoder = new LineEncoder();
  encoder.add(JSON.stringify({ seq, synced, op: 'test' }), '0');
  return encoder.take();
}

/** The body of a record. */
export function bodyFor(seq: number, filler = ''): string {
  return JSON.stringify({ n: seq, filler });
}

/** What a replay gives. */
export async function replayAll(dir: string, from = 1, files: Files = nodeFiles) {
  const replay = new Replay(files, dir, from);
  const lines: (Line & { segment: string })[] = [];
  for await (const part of replay) for (const line of part.lines) lines.push({ ...line, segment: part.segment });
  return {
    lines,
    seqs: lines.map(({ meta }) => meta.seq as number),
    bodies: lines.map(bodyOf),
    findings: replay.findings,
    kinds: replay.findings.map(({ kind }) => kind),
    end: replay.end,
  };
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}

/** Opens a journal where a replay ends. */
export async function openJournal(dir: string, options: Partial<JournalOptions> = {}, files: Files = nodeFiles) {
  const { end } = await replayAll(dir);
  return Journal.open(files, dir, { durability: 'power', ...end, epoch: end.epoch + 1, ...options });
}

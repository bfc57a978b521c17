import { LineEncoder } from '../codec';
import type { AppendBatch } from '../journal';

/** A record as a batch of its own, with whatever in it: also what no version of the store would write. */
export function line(seq: number, fields: Record<string, unknown>, body = ''): AppendBatch {
  const encoder = new LineEncoder();
  encoder.add(JSON.stringify({ seq, at: 1_738_238_400_000, ...fields }), body);
  return { lines: encoder.take(), first: seq, last: seq };
}

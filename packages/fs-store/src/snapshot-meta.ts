/**
 * The metas of a snapshot. Of a million jobs that wait thousands were added together, with the same options: their lines differ in numbers and
 * the id, so that what stands behind the id needs to be parsed once for all of them.
 *
 * @module
 */
import { type ParseMeta, parseMeta } from './codec';

/** The start of a job's line, up to its id, as the writer of snapshots puts it. */
const START = /^\{"op":"job","seq":(\d+),"last":(\d+),"size":(\d+),"job":\{"id":"([a-z0-9._-]+)"/;
/** Options that hold objects or lists are one job's own. */
const NESTED = /[[{]/;

/** A parser for the lines of one snapshot. It gives what `JSON.parse` gives. */
export function snapshotMetaParser(): ParseMeta {
  let tail: string | undefined;
  let options: object = {};
  return (source, start, end) => {
    const text = source.toString('utf8', start, end);
    const begin = START.exec(text);
    const behind = begin?.[0].length ?? 0;
    if (!begin || tail === undefined || !text.endsWith(tail) || text.length - behind !== tail.length) {
      const meta = parseMeta(source, start, end);
      const rest = text.slice(behind);
      if (begin && meta && !NESTED.test(rest)) {
        tail = rest;
        const { id: _id, ...others } = meta.job as { id: string };
        options = others;
      }
      return meta;
    }
    const [, seq, last, size, { length }] = begin as unknown as [string, string, string, string, string];
    // Of its own: a piece of `text` would keep all of it in memory.
    const id = source.toString('latin1', start + behind - 1 - length, start + behind - 1);
    return { op: 'job', seq: Number(seq), last: Number(last), size: Number(size), job: { id, ...options } };
  };
}

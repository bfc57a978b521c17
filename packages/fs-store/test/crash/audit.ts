/**
 * The audit trail: what happened is in the journal from the first record on, also where no replay needs it any more.
 *
 * @module
 */
import { gunzipSync } from 'node:zlib';
import { LineDecoder } from '../../src/codec';
import type { Content, Disk } from './disk';

const NAME = /^(\d{16})\.ndjson(\.gz)?$/;

/** What is missing of it. Segments that are open yet are the replay's to judge. */
export function auditFaults(disk: Disk, journal: string): string[] {
  const folder = disk.find(journal);
  if (folder?.kind !== 'folder') return [];
  const segments = new Map<number, { plain?: Content; gz?: Content }>();
  for (const [name, ino] of folder.entries) {
    const match = NAME.exec(name);
    const node = disk.nodes.get(ino);
    if (!match || node?.kind !== 'file') continue;
    const first = Number(match[1]);
    segments.set(first, { ...segments.get(first), [match[2] ? 'gz' : 'plain']: node.content });
  }
  const firsts = [...segments.keys()].sort((a, b) => a - b);
  const faults: string[] = [];
  if (firsts[0] !== undefined && firsts[0] !== 1) faults.push(`journal: the records before ${firsts[0]} are gone`);
  for (const [n, first] of firsts.slice(0, -1).entries()) {
    const { plain, gz } = segments.get(first) ?? {};
    const next = firsts[n + 1] as number;
    const last = Math.max(plain ? lastOf(plain, false) : 0, gz ? lastOf(gz, true) : 0);
    if (last < next - 1) faults.push(`journal: the records from ${last + 1} to ${next - 1} are gone`);
  }
  return faults;
}

const ends = new WeakMap<Content, number>();

/** Number of the last record that is whole. */
function lastOf(content: Content, packed: boolean): number {
  const known = ends.get(content);
  if (known !== undefined) return known;
  const bytes = packed ? unzip(content) : content.bytes;
  let last = 0;
  for (const item of bytes ? new LineDecoder().push(Buffer.from(bytes)) : []) {
    if (item.kind === 'line' && typeof item.meta.seq === 'number') last = item.meta.seq;
  }
  ends.set(content, last);
  return last;
}

const unpacked = new WeakMap<Content, Buffer | null>();

/** What was packed; undefined: it cannot be unpacked. */
export function unzip(content: Content): Buffer | undefined {
  let bytes = unpacked.get(content);
  if (bytes === undefined) {
    try {
      bytes = gunzipSync(content.bytes);
    } catch {
      bytes = null;
    }
    unpacked.set(content, bytes);
  }
  return bytes ?? undefined;
}

/**
 * Snapshots: all jobs at about one moment, so that a replay starts there and not at the beginning of time.
 *
 * A snapshot is fuzzy: it is written in slices while the store works on. Each job in it carries the number of the newest record that
 * changed it, so a replay from `from` on skips what the job has seen already (the way of ARIES). Jobs that left the store while it was
 * written may be in it or not; the replay removes them.
 *
 * @module
 */
import type { Files } from './files';

/** Version of the lines in a snapshot. */
export const SNAPSHOT_FORMAT = 1;

const NAME = /^snapshot-(\d{16})\.ndjson$/;

/** What a snapshot says of itself. */
export interface SnapshotInfo {
  name: string;
  /** Records up to here are in it. */
  from: number;
  /** Records after `from` and up to here may be in it. */
  to: number;
  jobs: number;
}

/** The snapshots in a folder, newest first. */
export function listSnapshots(files: Files, dir: string): { name: string; from: number }[] {
  return files
    .readdirSync(dir)
    .flatMap((item) => {
      const match = item.isFile() ? NAME.exec(item.name) : null;
      return match ? [{ name: item.name, from: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.from - a.from);
}

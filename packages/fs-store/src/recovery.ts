/**
 * Opening: the newest whole snapshot, and every record since.
 *
 * @module
 */
import { type Clock, StoreError } from '@leviathan/core';
import { applyAndTell, EventHub, FinishedList, JobTable, type StoreRecord } from '@leviathan/core/engine';
import { bodyOf, type Line } from './codec';
import { errorCode, type Files } from './files';
import { ReadPatience } from './read-patience';
import { keepsBody, recordOf } from './record-line';
import { type JournalEnd, Replay } from './replay';
import { isDamage } from './segment';
import { listSnapshots } from './snapshot';
import { type LoadedSnapshot, loadSnapshot } from './snapshot-read';

/** Something that recovery met and could not take as it was. The store opens all the same. */
export interface RecoveryFinding {
  /** One of the journal's kinds, `snapshot` (a damaged one was passed over), `record` (not to be understood) or `history` (impossible). */
  kind: string;
  /** Name of the file in `journal/`. */
  file: string;
  from: number;
  to: number;
  message: string;
}

/** What a crash leaves in the normal course of things: the last words of a process, never acknowledged. */
const HARMLESS = new Set(['torn-tail', 'incomplete-batch']);

/** Whether a finding means that acknowledged records may be lost. */
export function isLoss(finding: RecoveryFinding): boolean {
  return !HARMLESS.has(finding.kind);
}

/** The state that the journal tells. */
export interface Recovered {
  table: JobTable;
  hub: EventHub;
  /** Removed jobs whose files may still stand in a folder. */
  tombstones: Set<string>;
  findings: RecoveryFinding[];
  end: JournalEnd;
  /** Records since the snapshot. */
  replayed: number;
  /** Where the replay started. */
  snapshot: LoadedSnapshot | undefined;
}

/**
 * Reads the journal folder; changes nothing.
 * @throws StoreFormatError when a newer version wrote it; errors of system calls other than EIO
 */
export async function recover(files: Files, dir: string, clock: Clock): Promise<Recovered> {
  const findings: RecoveryFinding[] = [];
  const patience = new ReadPatience();
  const { table, snapshot } = await newestSnapshot(files, dir, findings, patience);
  const recovered: Recovered = {
    table,
    hub: new EventHub(() => clock.now()),
    tombstones: new Set(snapshot?.tombstones),
    findings,
    end: { next: 1, epoch: 0, tail: null, givenUp: [] },
    replayed: 0,
    snapshot,
  };
  // Clients of the owner before may ask for events from before it died. What happened while the snapshot was written is not told once
  // more: jobs that stand in it are there already.
  recovered.hub.record(snapshot?.to ?? 0);
  // Those that were passed over are damaged, but what is older than they are was on the device before they were.
  const vouched = listSnapshots(files, dir)[0]?.from;
  const replay = new Replay(files, dir, table.seq + 1, snapshot?.to, vouched, patience);
  for await (const { segment, packed, lines } of replay) {
    for (const line of lines) applyLine(recovered, line, segment, packed);
    recovered.hub.dispatch(recovered.hub.take());
  }
  for (const { segment, ...finding } of replay.findings) findings.push({ ...finding, file: segment });
  recovered.end = replay.end;
  if (snapshot && replay.end.next <= snapshot.to) passOver(recovered, snapshot);
  // There was no owner before that anybody could have been a client of.
  if (recovered.end.next === 1) recovered.hub.forget();
  table.seq = recovered.end.next - 1;
  sortFinished(table);
  if (findings.some((finding) => isLoss(finding) && finding.kind !== 'snapshot')) {
    // Whoever asks for events from before a gap must read the state again.
    recovered.hub.forget();
    recovered.hub.record(table.seq);
  }
  return recovered;
}

async function newestSnapshot(
  files: Files,
  dir: string,
  findings: RecoveryFinding[],
  patience: ReadPatience,
): Promise<{ table: JobTable; snapshot: LoadedSnapshot | undefined }> {
  for (const { name } of listSnapshots(files, dir)) {
    const table = new JobTable();
    try {
      return { table, snapshot: await loadSnapshot(files, dir, name, table, nextTurn, patience) };
    } catch (error) {
      // A file that this process may not, or cannot now, read is not damaged.
      const isSystemError = errorCode(error) !== undefined && !(error instanceof StoreError);
      if (isSystemError && !isDamage(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const message = error instanceof StoreError ? reason : `The snapshot ${name} cannot be read: ${reason}`;
      findings.push({ kind: 'snapshot', file: name, from: 0, to: 0, message });
    }
  }
  return { table: new JobTable(), snapshot: undefined };
}

function applyLine(recovered: Recovered, line: Line, file: string, packed: boolean): void {
  const { table, hub, tombstones, findings, snapshot } = recovered;
  const report = (kind: string, message: string): void => {
    findings.push({ kind, file, from: line.offset, to: line.offset + line.length, message });
  };
  const record = recordOf(line.meta, bodyOf(line));
  if (typeof record === 'string') {
    report('record', record);
    return;
  }
  recovered.replayed++;
  const id = idOf(record);
  const leaving = record.op === 'remove' ? table.entries.get(record.id) : undefined;
  const applied = applyAndTell(table, hub, record);
  if (record.op === 'remove') tombstones.add(record.id);
  else if (record.op === 'add') tombstones.delete(record.job.id);
  const entry = leaving ?? (id === undefined ? undefined : table.entries.get(id));
  if (applied && entry && keepsBody(record) && entry.lastSeq === record.seq && !packed) {
    if (record.op === 'complete') {
      entry.result = undefined;
      entry.setResultPlace(file, line.bodyStart, line.bodyLength);
    } else {
      entry.data = undefined;
      entry.setDataPlace(file, line.bodyStart, line.bodyLength);
    }
  }
  // While a snapshot was written, jobs left that are not in it: what the journal says of them meanwhile means nothing any more.
  if (!applied && record.seq > (snapshot?.to ?? 0)) {
    report(
      'history',
      `record ${record.seq} (${record.op}) does not fit job ${id}, which is ${entry?.status ?? 'not there'}`,
    );
  }
}

/**
 * The snapshot reached the disk, the end of the journal did not: a power cut at durability `process`. Its jobs have seen records of
 * these numbers, so new records must have larger ones.
 */
function passOver(recovered: Recovered, { name, to }: LoadedSnapshot): void {
  const first = recovered.end.next;
  const message = `the journal ends before record ${first}, the snapshot has seen records up to ${to}`;
  recovered.findings.push({ kind: 'missing', file: name, from: 0, to: 0, message });
  recovered.end = { ...recovered.end, next: to + 1, tail: null };
}

/** A snapshot holds jobs in the order of their creation; retention takes them in the order in which they finished. */
function sortFinished({ finished }: JobTable): void {
  for (const status of ['completed', 'failed'] as const) {
    finished[status] = new FinishedList([...finished[status]].sort((a, b) => a.lastSeq - b.lastSeq));
  }
}

function idOf(record: StoreRecord): string | undefined {
  if (record.op === 'add') return record.job.id;
  return 'id' in record ? record.id : undefined;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

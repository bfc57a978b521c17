/**
 * The doctor: is everything in this folder as it should be, and if not, what can be done.
 *
 * @module
 */
import { join } from 'node:path';
import { JOB_STATUSES, LeviathanError, StoreError, systemClock } from '@leviathan/core';
import type { JobTable } from '@leviathan/core/engine';
import { setChainAside } from './chain';
import { checkChain } from './doctor-chain';
import { checkFolders } from './doctor-folders';
import { checkPermissions, repairPermissions } from './doctor-permissions';
import type { DoctorFinding, DoctorReport } from './doctor-report';
import { errorCode, type Files, nodeFiles } from './files';
import { readStoreFile } from './format';
import { FsStore } from './fs-store';
import { kindOfName, Layout } from './layout';
import { isLockedByOther } from './lock';
import { settingsOf } from './options';
import { isLoss, recover } from './recovery';
import { defaultRoot } from './root';

/** How long (ms) a repair waits for files that are not whole, or not understood, to become what they are to be. */
const FILES_TIME = 6_000;
const FIRST_WAIT = 50;
const LONGEST_WAIT = 400;

/** Settings of {@link doctor}. */
export interface DoctorOptions {
  /** The folder of the jobs; the default one when left out. */
  root?: string;
  /** Also put right what can be put right. Not while another process has the store open. */
  repair?: boolean;
  files?: Files;
}

/**
 * Checks a store; without `repair` it changes nothing, and may be called while the store is in use (folders that are being written
 * are then not compared).
 * @throws StoreError: `NO_STORE` when there is none, `FORMAT`, `IN_USE` for a repair of a store in use
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const root = options.root ?? defaultRoot();
  const files = options.files ?? nodeFiles;
  assertStore(files, root);
  const before = await examineAll(files, root);
  if (!options.repair) return report(before);
  if (isInUse(files, root)) {
    throw new StoreError(
      'IN_USE',
      `${root} is open in another process. End it first; a store that is in use repairs itself.`,
    );
  }
  repairPermissions(files, root);
  if (before.findings.some(({ code }) => code.startsWith('CHAIN_'))) {
    await setChainAside(files, new Layout(root).journal);
  }
  await tidy(files, root);
  const after = await examineAll(files, root);
  const still = new Set(after.findings.map(keyOf));
  const repaired = before.findings.filter((finding) => finding.severity !== 'info' && !still.has(keyOf(finding)));
  return report({
    ...after,
    findings: [...repaired.map((finding) => ({ ...finding, repaired: true })), ...after.findings],
  });
}

type Examination = Pick<DoctorReport, 'findings' | 'summary' | 'chain'>;

function report({ findings, ...rest }: Examination): DoctorReport {
  return {
    ok: findings.every(({ severity, repaired }) => severity === 'info' || repaired === true),
    repaired: findings.some(({ repaired }) => repaired === true),
    findings,
    ...rest,
  };
}

function keyOf({ code, path, message }: DoctorFinding): string {
  return JSON.stringify([code, path, message]);
}

/**
 * Opens the store as any program would: that replays the journal and puts the folders right. Then a snapshot leaves damage behind. Files that
 * may still be on their way from somewhere get their time before they are put away.
 */
async function tidy(files: Files, root: string): Promise<void> {
  const store = new FsStore({ root, files });
  try {
    await store.tidy();
    const giveUp = performance.now() + FILES_TIME;
    for (let wait = FIRST_WAIT; performance.now() < giveUp; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      const { findings } = await examine(files, root, false);
      if (findings.every(({ severity, repair }) => severity === 'info' || repair === undefined)) return;
      await new Promise((resolve) => setTimeout(resolve, wait));
      await store.tidy();
    }
  } finally {
    await store.close();
  }
}

/** With the hash chain, for which each sealed segment is read to its end. */
async function examineAll(files: Files, root: string): Promise<Examination> {
  const { findings, summary } = await examine(files, root);
  if (findings.some(({ code }) => code === 'JOURNAL_UNREADABLE')) return { findings, summary };
  const { findings: broken, chain } = await checkChain(files, new Layout(root).journal);
  return { findings: [...findings, ...broken], summary, ...(chain && { chain }) };
}

async function examine(files: Files, root: string, inUse = isInUse(files, root)): Promise<Examination> {
  const layout = new Layout(root);
  const findings: DoctorFinding[] = checkPermissions(files, root);
  if (inUse)
    findings.push({
      code: 'IN_USE',
      severity: 'info',
      message: 'The store is open in a process: its folders may be a moment behind.',
    });
  const summary: Record<string, number> = {};
  const state = await checkJournal(files, layout, findings, summary, inUse);
  if (state) {
    for (const status of JOB_STATUSES) summary[status] = 0;
    for (const entry of state.table.entries.values()) summary[entry.status] = (summary[entry.status] ?? 0) + 1;
    if (!inUse)
      findings.push(
        ...checkFolders({
          files,
          layout,
          table: state.table,
          tombstones: state.tombstones,
          limit: settingsOf({ root }).pendingFiles,
        }),
      );
  }
  summary.quarantined = countQuarantined(files, layout, findings);
  summary.inbox = namesIn(files, layout.inbox).filter((name) => kindOfName(name).kind !== 'ignored').length;
  return { findings, summary };
}

async function checkJournal(
  files: Files,
  layout: Layout,
  findings: DoctorFinding[],
  summary: Record<string, number>,
  inUse: boolean,
): Promise<{ table: JobTable; tombstones: Set<string> } | undefined> {
  if (namesIn(files, layout.journal).length === 0) {
    findings.push({
      code: 'NO_JOURNAL',
      severity: 'warn',
      path: 'journal',
      message: 'There is no journal: the folders alone tell the state.',
      repair: 'takes the jobs over from their files',
    });
    return undefined;
  }
  try {
    const recovered = await recover(files, layout.journal, systemClock);
    summary.records = recovered.end.next - 1;
    for (const finding of recovered.findings) {
      const harmless = !isLoss(finding);
      // The owner may be in the middle of a write.
      if (harmless && inUse) continue;
      findings.push({
        code: `JOURNAL_${finding.kind.toUpperCase().replaceAll('-', '_')}`,
        severity: harmless ? 'warn' : 'error',
        path: join('journal', finding.file),
        message: `From byte ${finding.from} to ${finding.to}: ${finding.message}.`,
        repair: harmless
          ? 'cuts it off: a crash left it, and nothing that was acknowledged is in it'
          : 'goes on without these records, from a new snapshot; jobs that only they knew are looked for in the folders',
      });
    }
    return recovered;
  } catch (error) {
    if (error instanceof LeviathanError && error.code === 'FORMAT') throw error;
    findings.push({ code: 'JOURNAL_UNREADABLE', severity: 'error', path: 'journal', message: String(error) });
    return undefined;
  }
}

function countQuarantined(files: Files, layout: Layout, findings: DoctorFinding[]): number {
  const count = namesIn(files, layout.quarantine).filter((name) => !name.endsWith('.reason.json')).length;
  if (count > 0) {
    findings.push({
      code: 'QUARANTINE',
      severity: 'info',
      path: 'quarantine',
      message: `${count} ${count === 1 ? 'file was' : 'files were'} put aside; beside each stands the reason.`,
    });
  }
  return count;
}

function assertStore(files: Files, root: string): void {
  try {
    if (files.statSync(root).isDirectory() && readStoreFile(files, root) !== 'missing') return;
    if (namesIn(files, root).some((name) => name === 'journal' || (JOB_STATUSES as readonly string[]).includes(name)))
      return;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
  }
  throw new StoreError('NO_STORE', `There is no store in ${root}.`);
}

function isInUse(files: Files, root: string): boolean {
  try {
    return isLockedByOther(join(root, 'lock'), { files });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function namesIn(files: Files, dir: string): string[] {
  try {
    return files.readdirSync(dir).map(({ name }) => name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

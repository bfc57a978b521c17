/**
 * How the owner of a store is doing.
 *
 * @module
 */
import { type Json, type StoreHealth, storeHealth } from '@leviathan/core';
import { checkDisk, checkFolders, checkJournal } from './checks';
import type { JournalLog } from './journal-log';
import type { OwnerParts } from './owner-parts';
import { isLoss } from './recovery';
import type { FolderView } from './view';
import type { WorkerProcesses } from './worker-processes';

/** What it looks at. */
export type Examined = Pick<OwnerParts, 'journal' | 'recovered' | 'settings' | 'ownership'> & {
  log: JournalLog;
  view: FolderView;
  processes: WorkerProcesses;
};

/** @param base What the engine says */
export async function ownerHealth(base: StoreHealth, owner: Examined): Promise<StoreHealth> {
  const { journal, recovered, settings, ownership, log, processes } = owner;
  const view = owner.view.stats();
  const losses = recovered.findings.filter(isLoss);
  const checks = [
    checkJournal(journal.broken !== null, log.problem, losses.length),
    checkFolders(view.lagMs, view.dirty),
    await checkDisk(settings.files, settings.root, settings.lowDiskBytes),
    ...base.checks,
  ];
  const details: Record<string, Json> = {
    ...base.details,
    role: 'owner',
    root: settings.root,
    ownerPid: process.pid,
    durability: settings.durability,
    segment: journal.segment,
    clients: ownership.clients,
    absentClients: processes.absent,
    files: { ...view.files },
    skippedPending: view.skippedPending,
    dirtyFiles: view.dirty,
    folderThread: owner.view.isThreaded,
  };
  return storeHealth(checks, details);
}

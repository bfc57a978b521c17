/** Compares the folders with what the journal says. */
import { join } from 'node:path';
import { JOB_STATUSES, type JobStatus, systemClock } from '@leviathan/core';
import type { JobTable } from '@leviathan/core/engine';
import type { DoctorFinding } from './doctor-report';
import { errorCode, type Files } from './files';
import { parseJobFile } from './job-file';
import { kindOfName, type Layout } from './layout';
import { readTextFile } from './read-text';

const MAX_FILE = 64 * 1024 * 1024;
const REWRITE = 'writes the file anew from the journal';

/** What is compared. */
export interface FolderCheck {
  files: Files;
  layout: Layout;
  table: JobTable;
  /** Jobs that left the store; a crash may have left their files. */
  tombstones: ReadonlySet<string>;
  /** Pending jobs that are shown as files. */
  limit: number;
}

/** Everything in the four folders that is not as the journal has it. */
export function checkFolders(check: FolderCheck): DoctorFinding[] {
  const findings: DoctorFinding[] = [];
  const seen = new Map<string, JobStatus>();
  let pendingFiles = 0;
  for (const status of JOB_STATUSES) {
    for (const item of list(check.files, check.layout.folder(status))) {
      const path = join(status, item.name);
      const kind = kindOfName(item.name);
      if (kind.kind === 'ignored') continue;
      if (kind.kind === 'temporary') {
        findings.push({
          code: 'LEFTOVER',
          severity: 'warn',
          path,
          message: 'A writer died before it was done with it.',
          repair: 'removes it',
        });
      } else if (kind.kind === 'odd' || !item.isFile()) {
        const message = kind.kind === 'odd' ? kind.message : 'It is no plain file.';
        findings.push({ code: 'FOREIGN_FILE', severity: 'warn', path, message, repair: 'puts it into quarantine' });
      } else {
        if (status === 'pending') pendingFiles++;
        const finding = checkFile(check, status, kind.id, path, seen);
        if (finding) findings.push(finding);
        seen.set(kind.id, status);
      }
    }
  }
  for (const entry of check.table.entries.values()) {
    if (seen.has(entry.id)) continue;
    // Only so many pending jobs are shown.
    if (entry.status === 'pending' && pendingFiles++ >= check.limit) continue;
    const path = join(entry.status, `${entry.id}.json`);
    findings.push({ code: 'MISSING_FILE', severity: 'warn', path, message: 'The job has no file.', repair: REWRITE });
  }
  return findings;
}

function checkFile(
  { files, layout, table, tombstones }: FolderCheck,
  status: JobStatus,
  id: string,
  path: string,
  seen: ReadonlyMap<string, JobStatus>,
): DoctorFinding | undefined {
  const entry = table.entries.get(id);
  const other = seen.get(id);
  if (other) {
    const message = `The job also stands in ${other}/.`;
    return { code: 'TWO_FILES', severity: 'warn', path, message, repair: 'keeps the newer one, as the journal has it' };
  }
  let text: string;
  try {
    text = readTextFile(files, layout.jobFile(status, id), MAX_FILE);
  } catch (error) {
    const repair = 'puts it into quarantine and writes the file anew';
    return {
      code: 'UNREADABLE_FILE',
      severity: 'warn',
      path,
      message: `It cannot be read (${errorCode(error) ?? error}).`,
      repair,
    };
  }
  const verdict = parseJobFile(text, id, systemClock.now());
  if ('fault' in verdict) {
    const repair = `puts it into quarantine${entry ? ' and writes the file anew' : ''}`;
    return { code: `FILE_${verdict.fault.code}`, severity: 'warn', path, message: verdict.fault.message, repair };
  }
  const { job } = verdict.parsed;
  if (!entry) {
    if (tombstones.has(id)) {
      return {
        code: 'REMOVED_JOB',
        severity: 'warn',
        path,
        message: 'The job was removed, its file is still there.',
        repair: 'removes it',
      };
    }
    return {
      code: 'UNKNOWN_JOB',
      severity: 'warn',
      path,
      message: 'The journal does not know this job.',
      repair: 'takes it over',
    };
  }
  if (status !== entry.status || job.status !== entry.status) {
    const message = `The file is in ${status}/ and says ${job.status}; the journal says ${entry.status}.`;
    return {
      code: 'OTHER_STATE',
      severity: 'warn',
      path,
      message,
      repair: 'treats a moved file as a request, rewrites a late one',
    };
  }
  if (job.rev === entry.rev) return undefined;
  return {
    code: 'STALE_FILE',
    severity: 'warn',
    path,
    message: `The file has revision ${job.rev}, the job ${entry.rev}.`,
    repair: REWRITE,
  };
}

function list(files: Files, dir: string) {
  try {
    return files.readdirSync(dir);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

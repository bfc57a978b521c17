/** Reports of running attempts: told at once, recorded now and then. */
import type { Clock, Timer } from '../clock';
import { type Issue, ValidationError } from '../errors';
import { type Json, MAX_STEPS } from '../job';
import type { EventKind, Report, ReportResult, StoreEvent } from '../store';
import type { Committer } from './committer';
import { keepReport, liveReport, tokenOf } from './decide-settle';
import type { Entry } from './entry';
import { detailOf, progressOf } from './job-of';
import type { Draft, RecordDraft } from './records';
import { isoOf } from './time';
import { isName, jsonText, MAX_NAME_LENGTH } from './validate';

/** Progress is recorded at most this often (ms) per job: it matters to those who watch, not to recovery. */
const RECORD_INTERVAL = 1_000;

/** What one call brings. */
interface Intake {
  drafts: Draft[];
  /** Whose handlers do not stop. */
  stuck: Set<Entry>;
  /** Names of the steps that are new with this call. */
  steps: Map<Entry, Set<string>>;
}

/** Takes reports in. */
export class ReportDesk {
  private readonly unsaved = new Set<Entry>();
  private timer: Timer | undefined;

  constructor(
    private readonly committer: Committer,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @throws ValidationError, JobTooLargeError for a checkpoint or a step; StoreWriteError */
  async report(reports: Report[], maxBytes: number): Promise<ReportResult[]> {
    const intake: Intake = { drafts: [], stuck: new Set(), steps: new Map() };
    const results = reports.map((report) => this.take(report, maxBytes, intake));
    const { drafts, stuck } = intake;
    // Only now: such a record takes along all that was reported of its attempt, also by the rest of this call.
    for (const entry of stuck) drafts.push({ op: 'report', id: entry.id, stuck: true, ...liveFields(entry) });
    if (drafts.length > 0) await this.committer.commit(drafts);
    else this.committer.tell();
    return results;
  }

  /** Records what was reported since the last time. */
  flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const records = [...this.unsaved].flatMap((entry) => liveReport(entry) ?? []);
    this.unsaved.clear();
    try {
      this.committer.commit(records, { lazy: true });
    } catch (error) {
      // Nothing is lost: the values stay with their entries until the next report or the settlement.
      this.onError(error);
    }
  }

  private take(report: Report, maxBytes: number, { drafts, stuck, steps }: Intake): ReportResult {
    const entry = this.committer.table.entries.get(report.id);
    if (!entry || tokenOf(entry) !== report.token) return { id: report.id, accepted: false, cancelling: false };
    keepReport(entry, report);
    if (report.progress !== undefined || report.detail !== undefined) this.tell(entry, 'progress', report);
    if (report.logs?.length) this.tell(entry, 'log', report);
    if (entry.run?.live) this.saveSoon(entry);
    if (report.checkpoint !== undefined)
      drafts.push({ op: 'checkpoint', id: entry.id, body: bodyOf('checkpoint', report.checkpoint, maxBytes) });
    if (report.step !== undefined) drafts.push(...stepOf(entry, report.step, maxBytes, steps));
    if (report.stuck && !entry.run?.stuck) stuck.add(entry);
    return { id: report.id, accepted: true, cancelling: entry.run?.cancelling === true };
  }

  private tell(entry: Entry, kind: EventKind, report: Report): void {
    const { hub, table } = this.committer;
    if (!hub.wants(kind)) return;
    const event: StoreEvent = {
      seq: table.seq,
      at: isoOf(this.clock.now()),
      kind,
      id: entry.id,
      type: entry.type,
      status: entry.status,
      rev: entry.rev,
      attempt: entry.attempt,
    };
    if (entry.run?.worker !== undefined) event.worker = entry.run.worker;
    if (kind === 'progress') {
      event.progress = progressOf(entry);
      const detail = detailOf(entry);
      if (detail !== undefined) event.detail = detail;
    } else if (report.logs) event.logs = report.logs;
    hub.push(event);
  }

  private saveSoon(entry: Entry): void {
    this.unsaved.add(entry);
    this.timer ??= this.clock.after(RECORD_INTERVAL, () => this.flush());
  }
}

function liveFields(entry: Entry): Partial<Extract<RecordDraft, { op: 'report' }>> {
  return { ...entry.run?.live };
}

/** The record of a step; none when it is known already: its report was repeated. */
function stepOf(
  entry: Entry,
  { name, result }: NonNullable<Report['step']>,
  maxBytes: number,
  steps: Map<Entry, Set<string>>,
): RecordDraft[] {
  if (!isName(name)) throw invalid(['step', 'name'], `must be a text of 1 to ${MAX_NAME_LENGTH} characters`);
  const known = entry.run?.steps ?? [];
  const fresh = steps.get(entry) ?? new Set();
  if (fresh.has(name) || known.some((step) => step.name === name)) return [];
  if (known.length + fresh.size >= MAX_STEPS) throw invalid(['step'], `is one more than the ${MAX_STEPS} of a job`);
  steps.set(entry, fresh.add(name));
  const body = result === undefined ? '' : bodyOf('step', result, maxBytes);
  return [{ op: 'step', id: entry.id, name, body }];
}

function bodyOf(field: 'checkpoint' | 'step', value: Json, maxBytes: number): string {
  const issues: Issue[] = [];
  const text = jsonText(field, value, maxBytes, [], issues);
  if (issues.length > 0) throw new ValidationError('The report', issues);
  return text;
}

function invalid(path: string[], message: string): ValidationError {
  return new ValidationError('The report', [{ path, message }]);
}

/**
 * Shows jobs as they run: a bar each on a terminal, a line per change of state elsewhere.
 *
 * @module
 */
import type { Job, Json, StoreEvent } from '@leviathan/core';
import { shortId } from '../format/ids';
import { detailOf, titleOf } from '../format/job';
import { oneLine } from '../format/safe';
import { cut, pad, width } from '../format/text';
import { duration, relative, timeOfDay } from '../format/time';
import type { Io } from '../io';
import { bar, spinner, unsteadyBar } from './bar';
import { LiveRegion } from './live-region';
import type { Output } from './output';

/** What is on the screen about one job. */
interface Row {
  id: string;
  type: string;
  /** Undefined until its data was read. */
  title: string | undefined;
  status: Job['status'];
  percent: number;
  detail: Json | undefined;
  /** Why it waits, as a sentence. */
  waits: string;
  /** When this attempt started: epoch milliseconds. */
  since: number;
  /** The newest attempt that was told of. */
  attempt: number;
  /** When its progress was last told without a terminal: epoch milliseconds. */
  told: number;
}

/** Without a terminal a long job is heard of this often. */
const QUIET_MS = 30_000;
const TITLE_COLUMNS = 32;
const BAR_COLUMNS = 24;
const NARROWEST_BAR = 8;

/** A view of jobs that run, fed by the store's events. */
export class ProgressView {
  private readonly rows = new Map<string, Row>();
  private readonly region: LiveRegion | undefined;
  /** Lines under the bars, for totals and hints. */
  footer: () => string[] = () => [];

  constructor(
    private readonly io: Io,
    private readonly out: Output,
  ) {
    if (out.live) this.region = new LiveRegion(io.stderr, (columns, rows) => this.frame(columns, rows));
  }

  start(): void {
    this.region?.start();
  }

  /** Ends the drawing; finished jobs have left their line. */
  stop(): void {
    this.region?.stop();
  }

  /** Ids of rows whose title is not known yet. */
  untitled(): string[] {
    return [...this.rows.values()].filter((row) => row.title === undefined).map((row) => row.id);
  }

  /** Whether rows are drawn, so that titles are worth a read. */
  get drawn(): boolean {
    return this.region !== undefined;
  }

  /** Shows a job, or brings what is shown of it up to date; the truth after events were missed. */
  track(job: Job): void {
    const row = this.row(job.id, job.type);
    row.title = titleOf(job);
    row.status = job.status;
    row.percent = job.metadata.progress;
    row.detail = job.metadata.detail;
    if (job.status === 'active') this.started(row, Date.parse(job.started ?? job.updated), job.attempt);
    if (job.status === 'completed' || job.status === 'failed') this.rows.delete(job.id);
  }

  /** Says why a job waits; where there are only lines, only if that is `news`. */
  waits(id: string, sentence: string, news: boolean): void {
    const row = this.rows.get(id);
    if (row === undefined || row.status !== 'pending' || row.waits === sentence) return;
    row.waits = sentence;
    if (this.region === undefined && news && sentence !== '')
      this.say(row, this.io.now(), `waits: ${oneLine(sentence)}`);
  }

  /** A line of its own, above the bars. */
  note(text: string): void {
    if (this.out.quiet) return;
    if (this.region !== undefined) this.region.print(text);
    else this.out.note(text);
  }

  /** Takes in events, in order. */
  apply(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.id !== undefined) this.applyTo(this.row(event.id, event.type ?? ''), event);
    }
  }

  private applyTo(row: Row, event: StoreEvent): void {
    const at = Date.parse(event.at);
    const c = this.out.noteColors;
    if (event.type !== undefined) row.type = event.type;
    if (event.status !== undefined) row.status = event.status;
    switch (event.kind) {
      case 'started':
        row.percent = 0;
        row.detail = undefined;
        row.waits = '';
        this.started(row, at, event.attempt ?? 1);
        break;
      case 'progress':
        if (event.progress !== undefined) row.percent = event.progress;
        if (event.detail !== undefined) row.detail = event.detail;
        if (this.region === undefined && at - row.told >= QUIET_MS) {
          row.told = at;
          this.say(row, at, `${Math.floor(row.percent)}%  ${detailOf(row.detail)}`.trimEnd());
        }
        break;
      case 'completed':
        this.say(row, at, c.green(`✓ completed in ${duration(at - row.since)}`));
        this.rows.delete(row.id);
        break;
      case 'failed':
        this.say(
          row,
          at,
          c.red(`✗ failed (${event.reason ?? 'error'})${event.error === undefined ? '' : `: ${oneLine(event.error)}`}`),
        );
        this.rows.delete(row.id);
        break;
      case 'retrying':
      case 'crashed': {
        row.attempt = 0;
        const when = event.runAt === undefined ? 'now' : relative(event.runAt, this.io.now());
        const why = event.error === undefined ? event.kind : oneLine(event.error).replace(/\.$/, '');
        this.say(row, at, c.yellow(`${why}; runs again ${when}`));
        break;
      }
      case 'released':
        row.attempt = 0;
        this.say(row, at, 'back to pending');
        break;
      case 'cancelling':
      case 'stuck':
        this.say(row, at, event.kind);
        break;
      case 'removed':
        this.say(row, at, 'removed');
        this.rows.delete(row.id);
        break;
      default:
        break;
    }
  }

  /** The start of an attempt is told once, whether the record or the event came first. */
  private started(row: Row, at: number, attempt: number): void {
    row.since = at;
    row.told = at;
    if (this.region === undefined && attempt > row.attempt)
      this.say(row, at, `started${attempt > 1 ? ` (attempt ${attempt})` : ''}`);
    row.attempt = attempt;
  }

  private row(id: string, type: string): Row {
    const known = this.rows.get(id);
    if (known !== undefined) return known;
    const now = this.io.now();
    const row: Row = {
      id,
      type,
      title: undefined,
      attempt: 0,
      status: 'pending',
      percent: 0,
      detail: undefined,
      waits: '',
      since: now,
      told: now,
    };
    this.rows.set(id, row);
    return row;
  }

  private say(row: Row, at: number, what: string): void {
    const c = this.out.noteColors;
    const title = !row.title ? '' : `  ${row.title}`;
    const time = c.dim(timeOfDay(new Date(at).toISOString()));
    const line = `${time} ${c.bold(shortId(row.id))} ${oneLine(row.type)}${title}  ${what}`;
    this.note(this.region === undefined ? line : cut(line, this.io.stderr.columns || 80));
  }

  private frame(columns: number, rows: number): string[] {
    const footer = this.footer();
    const now = this.io.now();
    const shown = [...this.rows.values()].sort((a, b) => Number(b.status === 'active') - Number(a.status === 'active'));
    const room = Math.max(1, rows - 1 - footer.length - 1);
    const lines = shown.slice(0, room).map((row) => this.line(row, columns, now));
    if (shown.length > room) lines.push(this.out.noteColors.dim(`… and ${shown.length - room} more`));
    return [...lines, ...footer];
  }

  private line(row: Row, columns: number, now: number): string {
    const c = this.out.noteColors;
    const title = cut(row.title || shortId(row.id), Math.min(TITLE_COLUMNS, Math.max(8, Math.floor(columns / 3))));
    if (row.status !== 'active') return `${c.dim('○')} ${title}  ${c.dim(oneLine(row.waits) || 'waiting')}`;
    const detail = detailOf(row.detail);
    const known = row.percent > 0 || detail === '';
    const percent = known ? pad(`${Math.floor(row.percent)}%`, 4, 'right') : '    ';
    const head = `${c.cyan(spinner(now))} ${title} `;
    const tail = `${percent}  ${detail || duration(now - row.since)}`;
    const room = Math.min(BAR_COLUMNS, columns - width(head) - width(tail) - 2);
    if (room < NARROWEST_BAR) return `${head} ${tail}`;
    return `${head} ${known ? bar(row.percent, room, c) : unsteadyBar(now, room, c)} ${tail}`;
  }
}

/**
 * What `work` shows: the jobs that run, and how many wait.
 *
 * @module
 */
import type { JobStore, StoreEvent } from '@leviathan/core';
import { oneLine } from '../format/safe';
import { count } from '../format/text';
import { duration } from '../format/time';
import type { Session } from '../session';
import { ProgressView } from './progress-view';

/** How often counts and titles are read for the terminal. */
const READ_MS = 1_000;

/** The view of one worker. */
export class WorkView {
  private readonly view: ProgressView;
  private done = 0;
  private failed = 0;
  private pending: number | undefined;
  private end = '';
  private timer: ReturnType<typeof setInterval> | undefined;
  private reading: Promise<void> = Promise.resolve();
  private writing = Promise.resolve();

  constructor(
    private readonly session: Session,
    private readonly store: JobStore,
    private readonly name: string,
  ) {
    this.view = new ProgressView(session.io, session.out);
    this.view.footer = () => [this.footer()];
  }

  /** Says what the worker takes, and starts to draw. */
  start(types: readonly string[]): void {
    this.session.out.note(`Worker ${this.name} runs ${types.join(', ')}. Ctrl-C ends it.`);
    this.view.start();
    if (!this.view.drawn) return;
    this.timer = setInterval(() => this.read(), READ_MS);
    this.read();
  }

  /** Takes in events of this worker's jobs. */
  apply(events: readonly StoreEvent[]): void {
    for (const { kind } of events) {
      if (kind === 'completed') this.done += 1;
      if (kind === 'failed') this.failed += 1;
    }
    if (this.session.out.json) this.write(events);
    else this.view.apply(events);
  }

  /** Something is wrong; the worker goes on. */
  warn(message: string): void {
    this.view.note(`${this.session.out.noteColors.yellow('warning:')} ${oneLine(message)}`);
  }

  /** Says that the worker is about to end. */
  stopping(running: number, grace: number): void {
    this.end =
      running === 0
        ? 'Stopping.'
        : `Stopping: ${count(running, 'running job')} may take ${duration(grace)} to end, then go back to pending. Ctrl-C again ends at once.`;
    this.view.note(this.end);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.reading;
    this.view.stop();
    await this.writing;
    this.session.out.note(`${count(this.done, 'job')} completed, ${this.failed} failed.`);
  }

  private write(events: readonly StoreEvent[]): void {
    this.writing = this.writing.then(async () => {
      for (const event of events) await this.session.out.record(event);
    });
  }

  private footer(): string {
    const c = this.session.out.noteColors;
    const waiting = this.pending === undefined ? '' : ` · ${this.pending} pending`;
    return c.dim(`${this.done} completed · ${this.failed} failed${waiting}${this.end === '' ? '' : ' · stopping'}`);
  }

  private read(): void {
    this.reading = this.reading
      .then(async () => {
        const untitled = this.view.untitled();
        const [counts, jobs] = await Promise.all([this.store.counts(), this.store.get(untitled)]);
        this.pending = counts.pending;
        for (const job of jobs) if (job?.status === 'active') this.view.track(job);
      })
      // Only the look suffers; a store that is in trouble is reported by the worker.
      .catch(() => {});
  }
}

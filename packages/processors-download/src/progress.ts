/**
 * How far a download is, how fast, and how long it will take.
 *
 * @module
 */
import type { Clock, JobContext, Timer } from '@leviathan/core';

/** What stands beside the percentage of a running download. */
export type DownloadProgress = {
  phase: 'connecting' | 'downloading' | 'verifying' | 'finished';
  /** Name of the file, once it is known. */
  file: string | null;
  /** Bytes of the file that are here, those of earlier attempts included. */
  bytes: number;
  /** Length of the file, `null` while it is unknown. */
  total: number | null;
  /** Bytes per second, smoothed over some seconds. */
  speed: number;
  /** Seconds that are left at this speed, `null` while that cannot be told. */
  etaSeconds: number | null;
};

/** Reports go out at this interval, whatever the network does: a stalled download shows its speed fall. */
const INTERVAL_MS = 200;

/** Time constant of the smoothing. */
const TAU_MS = 4_000;

/** Speed as an exponentially weighted average over time, without the slow start that a plain one has. */
export class Speedometer {
  private average = 0;
  private weight = 0;

  /** @param bytes that arrived within the last `ms` milliseconds */
  add(bytes: number, ms: number): void {
    if (!(ms > 0)) return;
    const keep = Math.exp(-ms / TAU_MS);
    this.average = this.average * keep + (Math.max(bytes, 0) / ms) * 1000 * (1 - keep);
    this.weight = this.weight * keep + (1 - keep);
  }

  /** Bytes per second; 0 before anything was measured. */
  get value(): number {
    return this.weight > 0 ? this.average / this.weight : 0;
  }
}

/** Reports the progress of one attempt until it is stopped. */
export class ProgressReporter {
  phase: DownloadProgress['phase'] = 'connecting';
  private file: string | null = null;
  private total: number | null = null;
  private bytes: () => number = () => 0;
  private readonly speed = new Speedometer();
  private counted = 0;
  private at: number;
  private timer: Timer | undefined;

  constructor(
    private readonly ctx: Pick<JobContext, 'progress'>,
    private readonly clock: Clock,
  ) {
    this.at = clock.monotonic();
    this.arm();
  }

  /** The bytes begin to come: `bytes` tells how many are here. Those that are here already do not count as speed. */
  begin(file: string, total: number | undefined, bytes: () => number): void {
    this.phase = 'downloading';
    this.file = file;
    this.total = total ?? null;
    this.bytes = bytes;
    this.counted = bytes();
    this.at = this.clock.monotonic();
  }

  /** The last detail of a finished download. */
  finished(bytes: number): DownloadProgress {
    this.stop();
    return {
      phase: 'finished',
      file: this.file,
      bytes,
      total: bytes,
      speed: Math.round(this.speed.value),
      etaSeconds: 0,
    };
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Reports now. */
  report(): void {
    const now = this.clock.monotonic();
    const bytes = this.bytes();
    this.speed.add(bytes - this.counted, now - this.at);
    this.counted = bytes;
    this.at = now;
    const speed = Math.round(this.speed.value);
    const left = this.total === null ? null : Math.max(this.total - bytes, 0);
    const detail: DownloadProgress = {
      phase: this.phase,
      file: this.file,
      bytes,
      total: this.total,
      speed,
      etaSeconds: left === null || speed <= 0 ? null : Math.ceil(left / speed),
    };
    this.ctx.progress(percent(bytes, this.total), detail);
  }

  private arm(): void {
    this.timer = this.clock.after(INTERVAL_MS, () => {
      this.report();
      this.arm();
    });
  }
}

/** One decimal, rounded down: 100 is for what is finished. 0 while the length is unknown. */
function percent(bytes: number, total: number | null): number {
  if (total === null || total <= 0) return 0;
  return Math.min(Math.floor((bytes / total) * 1000) / 10, 100);
}

import type { Json, LogLevel } from '@leviathan/core';
import type { DownloadContext } from '../src/attempt';
import { type DownloadInput, downloadInput } from '../src/input';
import type { DownloadProgress } from '../src/progress';

/** A job's context without a queue, which keeps what the download tells it. */
export interface RecordedContext extends DownloadContext {
  readonly reports: { percent: number; detail: DownloadProgress }[];
  readonly logs: { message: string; level: LogLevel }[];
  readonly checkpoints: Json[];
  /** Calls back with each report. */
  onProgress?: (detail: DownloadProgress) => void;
  abort(reason?: unknown): void;
}

/** Makes the context of one attempt; an attempt that follows another passes on its job and its last checkpoint. */
export function contextFor(
  data: DownloadInput,
  options: { job?: string; lastCheckpoint?: Json } = {},
): RecordedContext {
  const input = downloadInput.parse(data);
  const controller = new AbortController();
  const now = new Date(0).toISOString();
  const context: RecordedContext = {
    job: {
      id: options.job ?? 'job_1',
      type: 'download',
      status: 'active',
      priority: 5,
      created: now,
      updated: now,
      data,
      metadata: { retries: 0, progress: 0, logs: [], errors: [] },
      rev: 1,
      attempt: 1,
      maxAttempts: 3,
      maxCrashes: 3,
    },
    input,
    lastCheckpoint: options.lastCheckpoint,
    signal: controller.signal,
    reports: [],
    logs: [],
    checkpoints: [],
    progress(percent, detail) {
      const report = { percent, detail: detail as DownloadProgress };
      context.reports.push(report);
      context.onProgress?.(report.detail);
    },
    log(message, { level = 'info' } = {}) {
      context.logs.push({ message, level });
    },
    async checkpoint(state) {
      context.checkpoints.push(state);
    },
    abort: (reason = new Error('aborted')) => controller.abort(reason),
  };
  return context;
}

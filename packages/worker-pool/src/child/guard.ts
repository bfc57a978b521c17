/**
 * A thread of each child process: ends it when it runs over a limit or its parent is gone, even while a handler blocks its main thread.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { VERDICT_FD, type Verdict } from '../protocol';
import { cpuMs, endGroup, type GuardStart } from './guarded';

/** Milliseconds between two looks, when there are limits: a process can take some 50 MB in that time. */
const LIMITS_MS = 25;

/** And when the parent is all there is to look after. */
const PARENT_MS = 500;

const { parent, memory = Number.POSITIVE_INFINITY, cpuEnd, hasLimits }: GuardStart = workerData;
const base = process.memoryUsage.rss();

function look(): void {
  if (process.ppid !== parent) endGroup();
  if (process.memoryUsage.rss() - base > memory) condemn('memory');
  const end = cpuEnd[0] as number;
  if (end > 0 && cpuMs() > end) condemn('cpu');
}

function condemn(verdict: Verdict): void {
  try {
    writeSync(VERDICT_FD, verdict);
  } finally {
    endGroup();
  }
}

setInterval(look, hasLimits ? LIMITS_MS : PARENT_MS);

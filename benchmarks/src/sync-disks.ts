/** Between measurements, so that what one engine left to be written is not paid for by the next. */
import { spawn } from 'node:child_process';

/** Runs `sync`: everything that waits in the system's buffers is on the disk. Nothing where there is no such command. */
export function syncDisks(): Promise<void> {
  return new Promise((resolve) => {
    spawn('sync', { stdio: 'ignore' })
      .once('error', () => resolve())
      .once('close', () => resolve());
  });
}

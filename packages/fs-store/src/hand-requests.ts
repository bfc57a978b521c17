/** What a person asks for by moving, editing or removing a job's file. */
import type { JobPatch, JobStatus } from '@leviathan/core';
import type { ParsedJobFile } from './job-file';

/** What became of a request. A refusal says why, for the person who asked. */
export type Outcome = { ok: true } | { ok: false; message: string };

/** How the folders ask the store for changes. A rejected promise counts as a failure to answer: the request is made again later. */
export interface HandRequests {
  retry(id: string): Promise<Outcome>;
  /** Pending: fails. Active: its handler is told to stop. */
  cancel(id: string): Promise<Outcome>;
  remove(id: string): Promise<Outcome>;
  edit(id: string, patch: JobPatch): Promise<Outcome>;
  /**
   * Takes over a job that the store does not know.
   * @param folder Where its file stands, and so its state, whatever the file itself says: `pending` and `active` mean a job to run,
   * `completed` and `failed` a finished one.
   */
  adopt(file: ParsedJobFile, folder: JobStatus): Promise<Outcome>;
}

/** A wish that is in the power of the store to meet. */
export type HandWish = 'retry' | 'cancel';

/** What moving a file from one folder to another asks for; `undefined`: nothing that can be done. */
export function wishOf(from: JobStatus, to: JobStatus): HandWish | undefined {
  if (from === 'failed' && to === 'pending') return 'retry';
  if ((from === 'pending' || from === 'active') && to === 'failed') return 'cancel';
  return undefined;
}

/** Whether a wish is to be passed on, given where the job stands by now; a text: why it is too late for it. */
export function isOpen(wish: HandWish, status: JobStatus): boolean | { late: string } {
  if (status === 'completed') return { late: `The job has completed: it is too late to ${wish} it.` };
  return wish === 'retry' ? status === 'failed' : status !== 'failed';
}

/** Why a file was put back, for the person who moved it. */
export function whyNot(from: JobStatus, to: JobStatus): string {
  if (from === 'completed' && to === 'pending') {
    return 'A completed job does not run again. To run it once more, copy its type and data into a new file in inbox/.';
  }
  if (to === 'active' || to === 'completed') return `Only the store moves jobs to ${to}/. The file was put back.`;
  if (to === 'pending') return 'A running job cannot be put back by hand. To stop it, move its file to failed/.';
  return `A file moved from ${from}/ to ${to}/ asks for nothing that the store can do. It was put back.`;
}

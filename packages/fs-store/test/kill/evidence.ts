/**
 * What a process of the torture writes down of its own life, in a file of its own: a line before it asks for something, a line when it is
 * answered. A killed process keeps what it wrote (the page cache is the kernel's), so the verdict rests on nothing that the store says.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';
import type { JobStatus, Settlement } from '@leviathan/core';

/** What a producer may do to a job of its own. */
export type HandAction = 'cancel' | 'retry' | 'remove';

/** A job, as it is asked for. Times are epoch milliseconds. */
export interface AskedJob {
  id: string;
  runAt?: number;
}

/** One thing that happened. */
export type Note =
  | { kind: 'opened'; role: string }
  | { kind: 'add?'; jobs: AskedJob[] }
  | { kind: 'add!'; ids: string[] }
  /** A claim was answered with this attempt. */
  | { kind: 'got'; id: string; token: string; worker: string }
  /** The handler starts; `wall` is the clock on the wall. */
  | { kind: 'run'; id: string; run: string; wall: number }
  /** The handler was aborted by its timeout, so many milliseconds after its job came. */
  | { kind: 'timeout'; id: string; limit: number; after: number }
  | {
      kind: 'end?';
      id: string;
      token: string;
      outcome: Settlement['outcome'];
      run?: string;
      retryIn?: number;
      wall: number;
    }
  | { kind: 'end!'; id: string; token: string; accepted: boolean; status?: JobStatus }
  | { kind: 'hand?'; id: string; action: HandAction }
  /** `gone`: there is no such job, which may be the work of the first try of this call. */
  | { kind: 'hand!'; id: string; action: HandAction; changed: number; gone?: boolean }
  /** From here on the process gives back what it runs. */
  | { kind: 'leaves' }
  /** A call failed, or a part of the program did: nothing here may. */
  | { kind: 'broke'; message: string }
  /** What the store told of its background. */
  | { kind: 'trouble'; message: string };

/** A note, and when it was taken: milliseconds of a clock that all processes of the machine share and that never jumps. */
export type Noted = Note & { at: number };

/** Writes notes to a file. */
export function writeNotes(path: string): (note: Note) => void {
  const fd = openSync(path, 'a', 0o600);
  return (note) => void writeSync(fd, `${JSON.stringify({ at: sharedClock(), ...note })}\n`);
}

/** What one process noted, in order. The kill may have cut the last line. */
export function readNotes(path: string): Noted[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Noted);
}

/** CLOCK_MONOTONIC (mach_absolute_time, QueryPerformanceCounter): one clock for all processes since the machine booted. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

/** The lives of the processes, and what they tell of each job. */
import type { JobStatus, Settlement } from '@leviathan/core';
import type { AskedJob, HandAction, Noted } from './evidence';

/** One process: what it noted, and its end on the shared clock. */
export interface ProcessLife {
  name: string;
  notes: Noted[];
  /** Until then it surely lived: it was killed a moment later, or gave its jobs back. Infinity: it lives. */
  over: number;
  died: boolean;
  left: boolean;
}

/** One attempt, as its process saw it. */
export interface Attempt {
  id: string;
  token: string;
  life: ProcessLife;
  got: number;
  runs: { at: number; wall: number; run: string }[];
  end?: { at: number; wall: number; outcome: Settlement['outcome']; run?: string; retryIn?: number };
  answer?: { at: number; accepted: boolean; status?: JobStatus };
}

/** What a hand did to a job. */
export interface Hand {
  action: HandAction;
  asked: number;
  answered?: { at: number; changed: number; gone: boolean };
}

/** All that is known of one job. */
export interface History {
  id: string;
  asked: AskedJob;
  /** When its add was acknowledged. */
  added?: number;
  attempts: Attempt[];
  /** In the order in which they were asked for: one process alone does it, one after the other. */
  hands: Hand[];
}

/** The life of a process that noted this; `killed`: when the signal was sent. */
export function lifeOf(name: string, notes: Noted[], killed: number | undefined): ProcessLife {
  const leaves = notes.find(({ kind }) => kind === 'leaves')?.at;
  return {
    name,
    notes,
    over: Math.min(leaves ?? Number.POSITIVE_INFINITY, killed ?? Number.POSITIVE_INFINITY),
    died: killed !== undefined,
    left: leaves !== undefined,
  };
}

/** Sorts the notes by job. */
export function historiesOf(lives: readonly ProcessLife[]): Map<string, History> {
  const histories = new Map<string, History>();
  const of = (id: string): History => {
    const known = histories.get(id);
    if (known) return known;
    const fresh: History = { id, asked: { id }, attempts: [], hands: [] };
    histories.set(id, fresh);
    return fresh;
  };
  for (const life of lives) for (const note of life.notes) take(note, life, of);
  return histories;
}

function take(note: Noted, life: ProcessLife, of: (id: string) => History): void {
  const { at } = note;
  switch (note.kind) {
    case 'add?':
      for (const job of note.jobs) of(job.id).asked = job;
      break;
    case 'add!':
      for (const id of note.ids) of(id).added = at;
      break;
    case 'got':
      of(note.id).attempts.push({ id: note.id, token: note.token, life, got: at, runs: [] });
      break;
    case 'run': {
      // The handler does not know its token: it is that of the newest claim of this process.
      const attempt = of(note.id).attempts.findLast((each) => each.life === life);
      attempt?.runs.push({ at, wall: note.wall, run: note.run });
      break;
    }
    case 'end?': {
      const { wall, outcome, run, retryIn } = note;
      const attempt = of(note.id).attempts.find(({ token }) => token === note.token);
      if (attempt)
        attempt.end = {
          at,
          wall,
          outcome,
          ...(run !== undefined && { run }),
          ...(retryIn !== undefined && { retryIn }),
        };
      break;
    }
    case 'end!': {
      const { accepted, status } = note;
      const attempt = of(note.id).attempts.find(({ token }) => token === note.token);
      if (attempt) attempt.answer = { at, accepted, ...(status && { status }) };
      break;
    }
    case 'hand?':
      of(note.id).hands.push({ action: note.action, asked: at });
      break;
    case 'hand!': {
      const hand = of(note.id).hands.at(-1);
      if (hand) hand.answered = { at, changed: note.changed, gone: note.gone === true };
      break;
    }
  }
}

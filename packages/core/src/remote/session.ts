/**
 * What a server knows about a client beyond one connection: its workers, and the answers that it may ask for again.
 *
 * @module
 */
import { v4 as uuid } from 'uuid';
import { type Clock, systemClock } from '../clock';
import type { JobStore } from '../store';
import { ANSWERS_KEPT, type Answer } from './protocol';

/** Clients without a connection that are remembered, so that a repeated call after a reconnect finds its answer. */
const ABSENT_CLIENTS_KEPT = 100;

/** One client. */
export class Session {
  readonly workers = new Set<string>();
  /** The connection that it has now. */
  connection: { cut(): void } | undefined;
  /** Resolves when nothing of the connection before is under way any more. */
  ending: Promise<void> = Promise.resolve();
  /** Ends the wait for this client to come back. */
  cameBack: (() => void) | undefined;
  private readonly answers = new Map<number, Promise<Answer>>();

  constructor(readonly client: string) {}

  /** Whether it connects again within so many milliseconds. */
  comesBack({ grace = 0, clock = systemClock }: { grace?: number; clock?: Clock }): boolean | Promise<boolean> {
    if (grace === 0) return false;
    return new Promise((resolve) => {
      const end = (back: boolean): void => {
        this.cameBack = undefined;
        timer.cancel();
        resolve(back);
      };
      const timer = clock.after(grace, () => end(false));
      this.cameBack = () => end(true);
    });
  }

  /** The first answer to the call with this number, if it is still kept; otherwise runs it. */
  once(number: number, lowest: number, run: () => Promise<Answer>): Promise<Answer> {
    const known = this.answers.get(number);
    if (known) return known;
    for (const old of this.answers.keys()) {
      if (old >= lowest && this.answers.size < ANSWERS_KEPT) break;
      this.answers.delete(old);
    }
    const answer = run();
    this.answers.set(number, answer);
    return answer;
  }
}

/** The clients of one store. */
export class Sessions {
  private static readonly all = new WeakMap<JobStore, Sessions>();

  /** Those of this store, over all channels that serve it. */
  static of(store: JobStore): Sessions {
    let sessions = Sessions.all.get(store);
    if (!sessions) {
      sessions = new Sessions();
      Sessions.all.set(store, sessions);
    }
    return sessions;
  }

  /** Names the store object to clients. */
  readonly instance = uuid();
  private readonly clients = new Map<string, Session>();

  /** The client of this name, known or new. */
  get(client: string): Session {
    let session = this.clients.get(client);
    if (!session) {
      session = new Session(client);
      this.clients.set(client, session);
      this.forgetOldest();
    }
    return session;
  }

  /** A client left in order. */
  forget(session: Session): void {
    this.clients.delete(session.client);
  }

  private forgetOldest(): void {
    const absent = [...this.clients.values()].filter((session) => !session.connection && !session.cameBack);
    for (const session of absent.slice(0, Math.max(absent.length - 1 - ABSENT_CLIENTS_KEPT, 0))) this.forget(session);
  }
}

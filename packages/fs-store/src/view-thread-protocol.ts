/**
 * What the thread of the store and the one that keeps the folders call of each other.
 *
 * @module
 */
import type { Note } from './view-notes';
import type { FileCounts, FolderHost, KeptFile, Update, UpdateOutcome } from './view-update';

/** What the keeper begins with. */
export interface ThreadStart {
  root: string;
  /** Files that were written before, by id. */
  notes: [string, Note][];
}

/** An error as it travels: of one that is cloned nothing is left but its message. */
export interface SentError {
  message: string;
  code: string | undefined;
  cause?: SentError;
}

/** An {@link UpdateOutcome} as it travels. */
export type SentOutcome = Exclude<UpdateOutcome, Error> | SentError;

/** Functions of the keeper's thread. */
export interface KeeperFunctions {
  start(): Promise<{ kept: KeptFile[]; files: FileCounts }>;
  write(updates: Update[]): { outcomes: SentOutcome[]; files: FileCounts };
  scan(): Promise<FileCounts>;
  idle(): Promise<FileCounts>;
  stop(): Promise<void>;
}

/** Functions of the store's thread. */
export type HostFunctions = Pick<FolderHost, 'look' | 'progress' | 'touch' | 'replaced'> &
  Pick<FolderHost, 'retry' | 'cancel' | 'remove' | 'edit' | 'adopt'> & { error(sent: SentError): void };

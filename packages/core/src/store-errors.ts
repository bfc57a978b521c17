/**
 * What stores throw, whoever calls them.
 *
 * @module
 */
import { LeviathanError } from './base-error';

/** The store cannot be opened, or can no longer be used; the message says what to do. */
export class StoreError extends LeviathanError {}

/** The store is closed. Thrown by each call after `close()`, and by calls that were waiting. */
export class StoreClosedError extends StoreError {
  constructor(message = 'The store is closed.') {
    super('CLOSED', message);
  }
}

/**
 * The store could not write: disk full, read-only, an I/O error. The call left no half state; it may be made again when the cause
 * (`cause.code`, for example `ENOSPC`) is gone.
 */
export class StoreWriteError extends StoreError {
  constructor(message: string, cause: unknown) {
    super('WRITE_FAILED', message, { cause });
  }
}

/** The folder was written by a newer version of Leviathan. Nothing was touched; upgrade to open it. */
export class StoreFormatError extends StoreError {
  constructor(found: string, supported: string) {
    super(
      'FORMAT',
      `The store has format ${found}, this version reads up to ${supported}. Nothing was changed; upgrade Leviathan.`,
    );
  }
}

/** The other side of a connection went away, or speaks another protocol version. */
export class ConnectionError extends StoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('CONNECTION', message, options);
  }
}

/** The store does not have this feature; its `capabilities` say so too. */
export class UnsupportedError extends StoreError {
  constructor(store: string, feature: string) {
    super('UNSUPPORTED', `The ${store} store cannot ${feature}.`);
  }
}

/** The time, or the change, lies before what the store remembers. Thrown by `stateAt` and `undo`. */
export class NoHistoryError extends StoreError {
  /** The earliest time that can be told: ISO 8601, UTC; left out when none can. */
  readonly earliest?: string;

  constructor(earliest: string | undefined) {
    const from = earliest === undefined ? 'nothing is kept' : `what is kept begins at ${earliest}`;
    super('NO_HISTORY', `The state of that time cannot be told: ${from}.`);
    if (earliest !== undefined) this.earliest = earliest;
  }
}

/** There is no such change, or none at all, that could be undone. Thrown by `undo`. */
export class NoOperationError extends StoreError {
  constructor(operation: number | undefined) {
    super(
      'NO_OPERATION',
      operation === undefined
        ? 'There is no change that could be undone.'
        : `No change with the number ${operation} is kept.`,
    );
  }
}

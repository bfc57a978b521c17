/**
 * Errors on the wire: plain objects that become errors of the same class on the other side.
 *
 * @module
 */
import * as errors from '../errors';
import { type Issue, LeviathanError, StoreError } from '../errors';
import { MessageTooLargeError } from './channel';

/** An error as it travels. */
export interface WireError {
  /** The stable code; `INTERNAL` for an error that is none of Leviathan's. */
  code: string;
  message: string;
  /** `INVALID`: the faults. */
  issues?: Issue[];
  /** `DUPLICATE`, `JOB_FAILED`: the job. */
  jobId?: string;
  /** `CYCLE`: the ids. */
  cycle?: string[];
  /** `JOB_FAILED`: why. */
  reason?: string;
  /** `NO_HISTORY`: ISO 8601. */
  earliest?: string;
  /** What was behind it, for example the system's error with its code. */
  cause?: { name: string; message: string; code?: string };
}

/** Fields that belong to one class of error or another. */
const FIELDS = ['issues', 'jobId', 'cycle', 'reason', 'earliest'] as const;

const CLASSES: Record<string, typeof LeviathanError> = Object.assign(Object.create(null), {
  INVALID: errors.ValidationError,
  UNKNOWN_TYPE: errors.UnknownTypeError,
  DUPLICATE: errors.DuplicateJobError,
  CYCLE: errors.CycleError,
  TOO_LARGE: errors.JobTooLargeError,
  NOT_FOUND: errors.JobNotFoundError,
  STATE: errors.JobStateError,
  JOB_FAILED: errors.JobFailedError,
  CLOSED: errors.StoreClosedError,
  WRITE_FAILED: errors.StoreWriteError,
  FORMAT: errors.StoreFormatError,
  CONNECTION: errors.ConnectionError,
  UNSUPPORTED: errors.UnsupportedError,
  NO_HISTORY: errors.NoHistoryError,
  NO_OPERATION: errors.NoOperationError,
  MESSAGE_TOO_LARGE: MessageTooLargeError,
});

/** The error as plain JSON. Stacks stay where they are: they say nothing on the other side, and tell strangers about paths. */
export function toWire(error: unknown): WireError {
  if (!(error instanceof LeviathanError)) {
    const { name, message } = describe(error);
    return { code: 'INTERNAL', message: `${name}: ${message}`, cause: describe(error) };
  }
  const wire: WireError = { code: error.code, message: error.message };
  for (const field of FIELDS) {
    if (field in error) Object.assign(wire, { [field]: (error as Partial<Record<typeof field, unknown>>)[field] });
  }
  if (error.cause !== undefined) wire.cause = describe(error.cause);
  return wire;
}

/** The error again, as an instance of the class that it was. */
export function fromWire(wire: WireError): LeviathanError {
  const { code, message, cause } = wire;
  const options = cause ? { cause: Object.assign(new Error(cause.message), cause) } : undefined;
  // The subclasses compose their messages; this runs the base class's constructor alone, for an instance of the subclass.
  const error: LeviathanError = Reflect.construct(
    LeviathanError,
    [code, message, options],
    CLASSES[code] ?? StoreError,
  );
  for (const field of FIELDS) {
    if (wire[field] !== undefined) Object.assign(error, { [field]: wire[field] });
  }
  return error;
}

function describe(error: unknown): { name: string; message: string; code?: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code } = error as { code?: unknown };
  return { name: error.name, message: error.message, ...(typeof code === 'string' && { code }) };
}

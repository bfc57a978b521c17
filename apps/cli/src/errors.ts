/**
 * From an error to what a person reads and a script checks.
 *
 * @module
 */
import { EXIT } from './exit-codes';

/** An error that the command itself raises, with its exit code. */
export class CliError extends Error {
  /** Stable, upper case, for scripts that read `--json` errors. */
  readonly code: string;
  readonly exitCode: number;
  /** What to do about it: one sentence. */
  readonly hint: string | undefined;

  constructor(code: string, exitCode: number, message: string, hint?: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** The command was called in a way that makes no sense. */
export class UsageError extends CliError {
  constructor(message: string, hint?: string) {
    super('USAGE', EXIT.usage, message, hint);
  }
}

/** No job fits what the caller wrote. */
export class NoSuchJobError extends CliError {
  constructor(id: string) {
    super('NOT_FOUND', EXIT.notFound, `There is no job ${JSON.stringify(id)}.`, 'leviathan list shows the jobs.');
  }
}

/** What is told about an error: as text, and as `{"error": …}` with `--json`. */
export interface ErrorReport {
  code: string;
  message: string;
  hint?: string;
  exitCode: number;
}

/** Exit codes of the stable codes that core and the stores throw. Anything else is a plain failure. */
const BY_CODE: Record<string, number> = {
  INVALID: EXIT.usage,
  UNKNOWN_TYPE: EXIT.usage,
  CYCLE: EXIT.usage,
  TOO_LARGE: EXIT.usage,
  UNSUPPORTED: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  NO_DEFINITION: EXIT.notFound,
  IMPORT_FORMAT: EXIT.usage,
  IMPORT_CONFLICT: EXIT.conflict,
  STATE: EXIT.conflict,
  DUPLICATE: EXIT.conflict,
  FORMAT: EXIT.conflict,
  NOT_OWNER: EXIT.conflict,
  IN_USE: EXIT.conflict,
  OWNER_SILENT: EXIT.conflict,
  NOT_A_FOLDER: EXIT.usage,
  NO_STORE: EXIT.notFound,
  CONFIG: EXIT.usage,
  NO_HISTORY: EXIT.notFound,
  NO_OPERATION: EXIT.notFound,
  JOB_FAILED: EXIT.jobFailed,
  DAMAGED: EXIT.corrupt,
  UNREADABLE: EXIT.corrupt,
  JOURNAL: EXIT.corrupt,
};

const DAMAGE_HINT = 'leviathan doctor tells what is wrong, leviathan doctor --repair mends it.';

const HINTS: Record<string, string> = {
  UNKNOWN_TYPE: '--any-type adds it anyway, for another program to run; --processors <file> loads your own.',
  DUPLICATE: 'Without --unique reject you get the job that is there already.',
  CONFIG: 'Correct the file; --no-config goes without it, --config <file> takes another one.',
  IMPORT_CONFLICT: '--dry-run shows all differences; --on-conflict skip, replace or rename settles them.',
  NO_DEFINITION: 'leviathan definitions shows what there is.',
  NO_STORE: 'A store is made by the first job: leviathan add … .',
  DAMAGED: DAMAGE_HINT,
  UNREADABLE: DAMAGE_HINT,
  JOURNAL: DAMAGE_HINT,
  EACCES: 'Check who owns the jobs folder, or choose another one with --root.',
  EROFS: 'The jobs folder is read-only: choose another one with --root.',
  ENOSPC: 'The disk is full: free some space, then try again.',
};

/** Turns anything thrown into a report; walks the causes for the system's error code. */
export function report(error: unknown): ErrorReport {
  if (error instanceof CliError) {
    const { code, message, hint, exitCode } = error;
    return hint === undefined ? { code, message, exitCode } : { code, message, hint, exitCode };
  }
  const chain = causes(error);
  // By code, not by class: the error may come from another copy of core, or through a socket.
  const code = chain.map(codeOf).find((found) => found !== undefined) ?? 'ERROR';
  const exitCode = BY_CODE[code] ?? EXIT.failure;
  const message = chain[0] instanceof Error ? chain[0].message : String(error);
  const hint = chain
    .map(codeOf)
    .map((found) => (found === undefined ? undefined : HINTS[found]))
    .find((found) => found !== undefined);
  return hint === undefined ? { code, message, exitCode } : { code, message, hint, exitCode };
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && chain.length < 8; at = (at as { cause?: unknown }).cause) {
    chain.push(at);
  }
  return chain;
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * The base of all errors, and the one that names faults in a value.
 *
 * @module
 */

/** One fault in a value, and where it is. */
export interface Issue {
  /** Path of the fault from the root of the value, for example `['data', 'urls', 0]`. */
  path: (string | number)[];
  message: string;
}

/** Base of all errors of Leviathan. `code` never changes between versions; messages may. */
export class LeviathanError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * A job, a filter or an option is not valid: nothing was written. Thrown by `add`, `change`, `list` and by constructors.
 * `issues` names each fault with its path.
 */
export class ValidationError extends LeviathanError {
  readonly issues: Issue[];

  constructor(subject: string, issues: Issue[], options?: { cause?: unknown }) {
    super('INVALID', `${subject} is not valid: ${issues.map(formatIssue).join('; ')}`, options);
    this.issues = issues;
  }
}

function formatIssue(issue: Issue): string {
  if (issue.path.length === 0) return issue.message;
  return `${issue.path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')}: ${issue.message}`;
}

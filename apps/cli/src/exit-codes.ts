/**
 * What the command's exit code says. Scripts rely on these numbers: they never change their meaning.
 *
 * @module
 */

/** Every exit code of the command, by name. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  jobFailed: 5,
  partial: 6,
  corrupt: 7,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

/** One line per code, as `--help` and the README show them. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failure, 'something went wrong (I/O, network, a fault in the program), or the answer to a question was no'],
  [EXIT.usage, 'wrong usage: an option, a filter, a job that is not valid, an unknown type'],
  [EXIT.notFound, 'there is no such job'],
  [EXIT.conflict, 'conflict: the wrong state for this change, a duplicate, a store that is locked or foreign'],
  [EXIT.jobFailed, 'the awaited job failed'],
  [EXIT.partial, 'a change of several jobs was made to some of them only'],
  [EXIT.corrupt, 'the store is damaged and needs a repair'],
  [EXIT.timeout, 'the wait took longer than --timeout'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
  [EXIT.terminated, 'told to stop (SIGTERM)'],
];

/** The section of `--help` about exit codes. */
export function exitCodeHelp(): string {
  return `Exit codes:\n${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`).join('\n')}`;
}

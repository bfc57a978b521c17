/**
 * Tells what a change did, and which exit code that is.
 *
 * @module
 */
import type { ChangeResult } from '@leviathan/core';
import { CliError } from './errors';
import { EXIT } from './exit-codes';
import { count } from './format/text';
import type { Session } from './session';

/** What a kind of change is called, for example `retry`: "would retry", "retried". */
export interface Verb {
  verb: string;
  past: string;
}

/** The parts of a result that hold the answer to "why not?": what is as wanted already is no failure. */
function refused(result: ChangeResult): ChangeResult['skipped'] {
  return result.skipped.filter(({ reason, count: n }) => reason !== 'unchanged' && n > 0);
}

/** Prints a result: the changed ids (or the whole result as JSON) on stdout, the sums and reasons on stderr. */
export async function tellChange(session: Session, result: ChangeResult, { verb, past }: Verb): Promise<void> {
  const { out } = session;
  if (out.json) await out.value(result);
  else await out.lines(result.ids);
  const cutOff = result.changed > result.ids.length ? ` (the first ${result.ids.length} ids are shown)` : '';
  out.note(`${result.dryRun ? `Would ${verb}` : past} ${count(result.changed, 'job')}${out.json ? '' : cutOff}.`);
  for (const line of skipLines(result)) out.note(line);
  if (result.operation !== undefined) out.note(`To take it back: leviathan undo ${result.operation}`);
}

/** One line per reason for which jobs are left as they are. */
export function skipLines(result: ChangeResult): string[] {
  return result.skipped
    .filter(({ count: n }) => n > 0)
    .map(({ count: n, message, ids }) => {
      const named = ids.slice(0, 3).join(', ');
      return `Left ${count(n, 'job')} as ${n === 1 ? 'it is' : 'they are'}: ${message}${named === '' ? '' : ` (${named}${n > 3 ? ', …' : ''})`}`;
    });
}

/** The exit code of a change: 0 all made, 6 some of them, 3 or 4 none. */
export function changeCode(result: ChangeResult): number {
  const left = refused(result);
  if (left.length === 0) return EXIT.ok;
  if (left.reduce((sum, { count: n }) => sum + n, 0) < result.matched) return EXIT.partial;
  return left.every(({ reason }) => reason === 'not-found') ? EXIT.notFound : EXIT.conflict;
}

/** The error when not one of the named jobs could be changed; undefined when there is nothing to complain about. */
export function changeError(result: ChangeResult): CliError | undefined {
  const code = changeCode(result);
  const [first] = refused(result);
  if (first === undefined || (code !== EXIT.notFound && code !== EXIT.conflict)) return undefined;
  return new CliError(
    code === EXIT.notFound ? 'NOT_FOUND' : 'STATE',
    code,
    first.message,
    'leviathan explain <id> tells what state a job is in.',
  );
}

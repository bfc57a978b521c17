/** `leviathan undo` @module */
import { changeCode, skipLines, tellChange } from '../change-report';
import { EXIT } from '../exit-codes';
import { count } from '../format/text';
import { parseInteger } from '../parse/number';
import type { Session } from '../session';

const VERB = { verb: 'put back', past: 'Put back' };

interface Options {
  dryRun?: boolean;
}

/** Shows first what would be put back, and asks, as a change by filter does. */
export async function run(session: Session, number: string | undefined, options: Options): Promise<number> {
  const { out } = session;
  const store = await session.store('read');
  const named =
    number === undefined ? {} : { operation: parseInteger(number, 'The change', 1, Number.MAX_SAFE_INTEGER) };
  const plan = await store.undo({ ...named, dryRun: true });
  if (options.dryRun) {
    await tellChange(session, plan, VERB);
    return EXIT.ok;
  }
  for (const line of skipLines(plan)) out.note(line);
  if (plan.changed === 0) {
    if (out.json) await out.value({ ...plan, dryRun: false });
    out.note(`Nothing of change ${plan.undone} is as it left it.`);
    return changeCode(plan);
  }
  if (!(await session.confirm(`This will put back ${count(plan.changed, 'job')} of change ${plan.undone}. Go on?`))) {
    out.note('Nothing was changed.');
    return EXIT.failure;
  }
  // That very change: a newer one may have come meanwhile.
  const result = await store.undo({ operation: plan.undone, by: 'cli' });
  await tellChange(session, result, VERB);
  return changeCode(result);
}

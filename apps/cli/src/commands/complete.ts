/** `leviathan __complete`: candidates for the completion scripts, one a line, a tab before what describes it @module */
import { EXIT } from '../exit-codes';
import { shortIds } from '../format/ids';
import { titleOf } from '../format/job';
import { oneLine } from '../format/safe';
import { BUILT_IN } from '../processors';
import type { Session } from '../session';

/** More than a person can look through. */
const MOST = 100;

export async function run(session: Session, what: string, part = ''): Promise<number> {
  try {
    const store = await session.store('read');
    if (what === 'types') {
      const types = new Set([...Object.keys(BUILT_IN), ...Object.keys((await store.counts()).byType)]);
      await session.out.lines([...types].filter((type) => type.startsWith(part)));
    } else if (what === 'ids') {
      const { jobs } = await store.list({ sort: 'updated', direction: 'desc', limit: MOST });
      const short = shortIds(jobs.map(({ id }) => id));
      const lines = jobs.flatMap((job) => {
        const shown = [job.id, short.get(job.id) ?? job.id].reverse().find((id) => id.startsWith(part));
        return shown === undefined ? [] : [`${shown}\t${oneLine(`${job.status} ${job.type} ${titleOf(job)}`)}`];
      });
      await session.out.lines(lines);
    }
  } catch {
    // In the middle of somebody's typing there is no place for an error.
  }
  return EXIT.ok;
}

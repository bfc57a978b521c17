/** `leviathan health` @module */
import type { HealthCheck, StoreHealth } from '@leviathan/core';
import { report } from '../errors';
import { EXIT } from '../exit-codes';
import { oneLine } from '../format/safe';
import { parseDuration } from '../parse/duration';
import type { Session } from '../session';

interface Options {
  timeout: string;
}

/** A store that cannot be asked is not well, and that is an answer, not an error: whoever watches it gets one shape. */
export async function run(session: Session, options: Options): Promise<number> {
  const timeout = parseDuration(options.timeout, 'duration for --timeout');
  const root = await session.root();
  const health = await ask(session, root, timeout);
  const { out } = session;
  if (out.json) {
    await out.value({ root, ...health });
  } else {
    const mark = { ok: out.colors.green, degraded: out.colors.yellow, failed: out.colors.red };
    const line = ({ status, name, message }: Omit<HealthCheck, 'facts'>): string =>
      `${mark[status](status.padEnd(8))}  ${oneLine(name).padEnd(10)}  ${oneLine(message)}`;
    await out.lines(health.checks.map(line));
    await out.line(line({ status: health.status, name: 'all', message: root }));
  }
  return health.status === 'ok' ? EXIT.ok : EXIT.failure;
}

async function ask(session: Session, root: string, timeout: number): Promise<StoreHealth> {
  const { storeHealth } = await import('@leviathan/core');
  const failed = (message: string, code: string): StoreHealth =>
    storeHealth([{ name: 'store', status: 'failed', message, facts: { code } }]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<StoreHealth>((resolve) => {
    timer = setTimeout(() => {
      session.abandon();
      resolve(failed(`No answer within ${timeout} ms.`, 'TIMEOUT'));
    }, timeout);
  });
  const asked = async (): Promise<StoreHealth> => {
    // Asking must not make a store where none is.
    if (!(await session.hasRoot())) return failed(`There are no jobs at ${root}.`, 'NO_STORE');
    return (await session.store('read')).health();
  };
  try {
    return await Promise.race([asked(), late]);
  } catch (error) {
    const { message, code } = report(error);
    return failed(message, code);
  } finally {
    clearTimeout(timer);
  }
}

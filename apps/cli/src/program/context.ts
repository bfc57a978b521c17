/**
 * Connects commander's actions with the commands' code, which is loaded only when it runs.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Io } from '../io';
import type { GlobalOptions, Session } from '../session';

/** Loads a command's module: `run` gets the session, the arguments and the options, and resolves with the exit code. */
export type Load<A extends unknown[]> = () => Promise<{ run: (session: Session, ...args: A) => Promise<number> }>;

/** Makes an action out of a command that is loaded late. */
export type Lazy = <A extends unknown[]>(load: Load<A>) => (...args: unknown[]) => Promise<void>;

/** The {@link Lazy} of one run of the program; `done` gets the exit code. */
export function lazily(io: Io, done: (code: number) => void): Lazy {
  return <A extends unknown[]>(load: Load<A>) =>
    async (...args: unknown[]) => {
      // Commander calls an action with the arguments, the options and the command.
      const command = args.at(-1) as Command;
      const operands = args.slice(0, -1) as A;
      const [{ run }, { Session: SessionClass }] = await Promise.all([load(), import('../session')]);
      const session = new SessionClass(io, command.optsWithGlobals<GlobalOptions>());
      try {
        done(await run(session, ...operands));
      } finally {
        await session.close();
      }
    };
}

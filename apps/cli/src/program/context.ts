/**
 * Connects commander's actions with the commands' code, which is loaded only when it runs.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Io } from '../io';
import type { GlobalOptions, Session } from '../session';

/** A command: gets the session, the arguments and the options, and resolves with the exit code. */
export type Run<A extends unknown[]> = (session: Session, ...args: A) => Promise<number>;

type Commands = typeof import('../commands/index');

/** Makes an action out of a command. */
export type Lazy = <A extends unknown[]>(pick: (commands: Commands) => Run<A>) => (...args: unknown[]) => Promise<void>;

/** The {@link Lazy} of one run of the program; `done` gets the exit code. */
export function lazily(io: Io, done: (code: number) => void): Lazy {
  return <A extends unknown[]>(pick: (commands: Commands) => Run<A>) =>
    async (...args: unknown[]) => {
      // Commander calls an action with the arguments, the options and the command.
      const command = args.at(-1) as Command;
      const operands = args.slice(0, -1) as A;
      const commands = await import('../commands/index');
      const session = new commands.Session(io, command.optsWithGlobals<GlobalOptions>());
      try {
        done(await pick(commands)(session, ...operands));
      } finally {
        await session.close();
      }
    };
}

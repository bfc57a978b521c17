/** The servers that some engines need. */
import { mkdir } from 'node:fs/promises';
import type { Durability } from '../engines/engine';
import { startPostgres } from './postgres';
import type { ServerKind, ServerProgram } from './programs';
import { startRedis } from './redis';
import type { Server } from './server';

export { provideServer, type ServerKind, type ServerProgram } from './programs';

const start: Record<ServerKind, typeof startRedis> = { redis: startRedis, postgres: startPostgres };

/** Starts a server for one measurement, in a new folder. @throws when its program is not there */
export async function startServer(
  kind: ServerKind,
  programs: Partial<Record<ServerKind, ServerProgram>>,
  folder: string,
  durability: Durability,
): Promise<Server> {
  const program = programs[kind];
  if (program === undefined) throw new Error(`There is no ${kind} to start.`);
  await mkdir(folder, { mode: 0o700 });
  return start[kind](program.path, folder, durability);
}

/** The servers' programs: found, or installed where that can be done without asking (Debian, as root). */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { provideTestPrograms } from '../../../scripts/test-deps.mjs';

const run = promisify(execFile);

export type ServerKind = 'redis' | 'postgres';

export interface ServerProgram {
  path: string;
  version: string;
}

const packages: Record<ServerKind, { command: string; package: string }> = {
  redis: { command: 'redis-server', package: 'redis-server' },
  postgres: { command: 'postgres', package: 'postgresql' },
};

/** @throws when it is not there and cannot be installed */
export async function provideServer(kind: ServerKind): Promise<ServerProgram> {
  const { command } = packages[kind];
  let path = find(command);
  if (path === undefined) {
    const { missing } = await provideTestPrograms([packages[kind]]);
    path = find(command);
    if (path === undefined) throw new Error(missing.join(' '));
  }
  const { stdout } = await run(path, ['--version']);
  return { path, version: /\d+(\.\d+)+/.exec(stdout)?.[0] ?? stdout.trim() };
}

/** On the PATH, or where Debian keeps the programs of a Postgres. */
function find(command: string): string | undefined {
  const versions = '/usr/lib/postgresql';
  const postgres = existsSync(versions) ? readdirSync(versions).sort(newestFirst) : [];
  const folders = [
    ...postgres.map((version) => join(versions, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.map((folder) => join(folder, command)).find((candidate) => existsSync(candidate));
}

function newestFirst(a: string, b: string): number {
  return Number(b) - Number(a);
}

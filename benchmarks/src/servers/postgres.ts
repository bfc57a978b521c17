/** Postgres, with the durability that is measured. */
import { execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Durability } from '../engines/engine';
import { adopt } from '../spawn';
import { orKill, type Server, stopServer, tailOf, untilReady } from './server';

const run = promisify(execFile);

/** The account of Debian's package: Postgres refuses to run as root. */
const ACCOUNT = 'postgres';
const DATABASE = 'bench';

/** Its "fast" shutdown. What is faster leaves its shared memory behind. */
const FAST = 'SIGINT';

/**
 * Makes a cluster in an empty folder, starts it on a Unix socket and on no port, and makes sure that the server that answers is this one.
 *
 * All numbers of chapters are of the PostgreSQL documentation.
 *
 * - `synchronous_commit`: on for "power"; off for "process", as BullMQ's and others' documentation suggests where the last commits may be
 *   lost ("PostgreSQL backend", Tuning tips). Off is less than "process": a crash of the server alone may take them, too (chapter 30.4).
 * - `shared_buffers` a quarter of the memory, 4 GB at most (chapter 20.4).
 * - `max_wal_size`: large enough that no checkpoint is forced while something is measured (chapter 30.5).
 * - `max_connections`: room for the pools of three worker processes of concurrency 100.
 */
export async function startPostgres(program: string, folder: string, durability: Durability): Promise<Server> {
  const data = join(folder, 'data');
  const { asAccount, own } = await accountFor(folder);
  const tool = (name: string): string => join(dirname(program), name);
  await own(folder);
  await run(
    ...asAccount(tool('initdb'), ['-D', data, '-U', ACCOUNT, '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']),
  );
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    synchronous_commit: durability === 'power' ? 'on' : 'off',
    shared_buffers: `${Math.min(4_096, Math.floor(totalmem() / 2 ** 20 / 4))}MB`,
    max_wal_size: '8GB',
    max_connections: '400',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(...asAccount(program, ['-D', data, ...args]), { stdio: ['ignore', 'pipe', 'pipe'] });
  adopt(child, FAST);
  const output = tailOf(child);
  const psql = (statement: string, database: string): Promise<string> =>
    run(tool('psql'), ['-h', folder, '-U', ACCOUNT, '-d', database, '-X', '-A', '-t', '-c', statement]).then(
      ({ stdout }) => stdout.trim(),
    );
  return orKill(child, FAST, async () => {
    const answering = await untilReady(child, output, () => psql('SHOW data_directory', 'postgres'));
    const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
    if (answering !== data || Number(pid) !== child.pid) {
      throw new Error(`The Postgres that answers is process ${pid} in ${answering}, not ${child.pid} in ${data}.`);
    }
    await psql(`CREATE DATABASE ${DATABASE}`, 'postgres');
    const address = { host: folder, port: 5432, socket: folder, user: ACCOUNT, database: DATABASE };
    return { address, stop: () => stopServer(child, FAST) };
  });
}

/** How to run something as an account that Postgres accepts, and to give it a folder. */
async function accountFor(folder: string): Promise<{
  asAccount(command: string, args: string[]): [command: string, args: string[]];
  own(folder: string): Promise<void>;
}> {
  if (process.getuid?.() !== 0) return { asAccount: (command, args) => [command, args], own: async () => {} };
  const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, ACCOUNT])));
  const [uid, gid] = ids.map(({ stdout }) => stdout.trim()) as [string, string];
  // The folders above are for root alone; the account has to get through, and needs to see nothing.
  await chmod(dirname(folder), 0o711);
  return {
    // setpriv becomes the program, so that the pid of the child is the server's.
    asAccount: (command, args) => [
      'setpriv',
      ['--reuid', uid, '--regid', gid, '--clear-groups', '--', command, ...args],
    ],
    own: async (path) => {
      await mkdir(path, { recursive: true });
      await chown(path, Number(uid), Number(gid));
    },
  };
}

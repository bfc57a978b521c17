/** Redis, as BullMQ's documentation wants it, with the durability that is measured. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Durability } from '../engines/engine';
import { adopt } from '../spawn';
import { ask, orKill, type Server, stopServer, tailOf, untilReady } from './server';

/**
 * Starts a server that listens on a Unix socket and on no port, and makes sure that the one that answers is this one.
 *
 * - `appendonly yes`, `appendfsync everysec`: docs.bullmq.io, "Going to production", Persistence. `always` for the class "power".
 * - `maxmemory-policy noeviction`: the same page, Max memory policy.
 * - `save ""`: with the append-only file, snapshots add nothing but forks (redis.io, "Redis persistence").
 */
export async function startRedis(program: string, folder: string, durability: Durability): Promise<Server> {
  const socket = join(folder, 'redis.sock');
  const settings = {
    port: '0',
    unixsocket: socket,
    dir: folder,
    save: '',
    appendonly: 'yes',
    appendfsync: durability === 'power' ? 'always' : 'everysec',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  adopt(child);
  const output = tailOf(child);
  return orKill(child, 'SIGKILL', async () => {
    const info = await untilReady(child, output, () =>
      ask(socket, 'INFO server', (text) => /process_id:\d+\r\n/.test(text)),
    );
    const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
    if (pid !== child.pid) throw new Error(`The Redis that answers is process ${pid}, not ${child.pid}.`);
    return { address: { host: '', port: 0, socket }, stop: () => stopServer(child, 'SIGTERM') };
  });
}

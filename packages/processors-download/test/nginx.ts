import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** Path of nginx, or `undefined` when it is not installed. */
export function findNginx(): string | undefined {
  const { LEVIATHAN_NGINX: named } = process.env;
  if (named !== undefined && named !== '') return named;
  const onPath = spawnSync('nginx', ['-v']).error === undefined ? 'nginx' : undefined;
  return onPath ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : undefined);
}

/** A running nginx that serves a folder. */
export interface Nginx {
  readonly root: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts nginx on a free port; `locations` gives what is put into its `server` block. */
export async function startNginx(binary: string, locations: (root: string) => string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const root = join(folder, 'root');
  await mkdir(root);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const config = `
    daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events { worker_connections 64; }
    http {
      access_log off; ${temporary.join(' ')}
      types { application/pdf pdf; }
      server { listen 127.0.0.1:${port}; root ${root}; ${locations(root)} }
    }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const child = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'inherit',
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await accepting(port);
  return {
    root,
    port,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** nginx says nothing when it is ready, so ask its port until it answers. */
async function accepting(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await setTimeout(50);
  }
  throw new Error('nginx does not accept connections.');
}

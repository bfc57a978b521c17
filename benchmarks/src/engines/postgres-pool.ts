/** Connections to Postgres, for the engines on it. */
import { loadPeer } from '../peers';
import type { ServerAddress } from './engine';
import { reportError } from './report-error';

/** What is used of node-postgres. */
export interface Pool {
  query(statement: string): Promise<{ rows: Record<string, unknown>[] }>;
  connect(): Promise<{ release(): void }>;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'connect', listener: (client: Pick<Pool, 'on'>) => void): void;
  end(): Promise<void>;
}

/** How node-postgres connects to the server: the folder of a Unix socket is a host (node-postgres.com, "Connecting"). */
export function connectionTo(server: ServerAddress | undefined): object {
  const { host, port, user, database } = server ?? {};
  return { host, port, user, database };
}

export async function poolFor(server: ServerAddress | undefined, max: number): Promise<Pool> {
  const { default: pg } = await loadPeer<{ default: { Pool: new (options: object) => Pool } }>('pg');
  const pool = new pg.Pool({ ...connectionTo(server), max });
  // graphile-worker asks for both: a connection tells of its own end while it is in use, and the pool while it is not.
  pool.on('error', reportError);
  pool.on('connect', (client) => client.on('error', reportError));
  return pool;
}

/** A server that the benchmarks started for one measurement, in a folder of its own. */
import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import type { ServerAddress } from '../engines/engine';
import { now, pause } from '../now';
import { kill } from '../spawn';

export interface Server {
  address: ServerAddress;
  stop(): Promise<void>;
}

const START_MS = 20_000;
const STOP_MS = 20_000;

/** Repeats `attempt` until it succeeds. @throws its last error, or that the server died */
export async function untilReady<T>(child: ChildProcess, output: () => string, attempt: () => Promise<T>): Promise<T> {
  const deadline = now() + START_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${child.spawnfile} ended at once:\n${output()}`);
    }
    try {
      return await attempt();
    } catch (error) {
      if (now() > deadline) throw error;
      await pause(10);
    }
  }
}

/** Runs the last steps of a start. @throws what they threw, after the server is gone */
export async function orKill<T>(child: ChildProcess, signal: NodeJS.Signals, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    await kill(child, signal);
    throw error;
  }
}

/** Asks the server to stop, and kills it when it does not. */
export async function stopServer(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const timer = setTimeout(() => void kill(child), STOP_MS);
  await kill(child, signal);
  clearTimeout(timer);
}

/** The end of what a process writes, for the message when it fails. */
export function tailOf(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => text;
}

/** Sends a line to a socket and resolves with what comes back until `complete` says so. */
export function ask(socket: string, line: string, complete: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const connection = connect(socket, () => connection.write(`${line}\r\n`));
    connection.setTimeout(2_000, () => connection.destroy(new Error(`no answer from ${socket}`)));
    connection.on('data', (chunk) => {
      text += chunk.toString();
      if (!complete(text)) return;
      connection.destroy();
      resolve(text);
    });
    connection.once('error', reject);
  });
}

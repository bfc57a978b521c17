/** Starts measured processes, and knows which ones run, so that none outlives the runner. */
import { type ChildProcess, spawn } from 'node:child_process';
import { messagesOf } from './channel';
import { taskScript } from './paths';

/** With the signal that ends each at once. */
const children = new Map<ChildProcess, NodeJS.Signals>();
/** Whatever starts from now on is killed at once. */
let ending = false;

/** Whether everything is being ended. */
export function isEnding(): boolean {
  return ending;
}

/** Kills a process that this program started, and waits until it is gone. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** Remembers a process until it has ended. `signal`: what ends it at once. */
export function adopt(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  children.set(child, signal);
  child.once('exit', () => children.delete(child));
  if (ending) child.kill(signal);
}

/** Kills whatever still runs, and whatever would start later. */
export async function killAll(): Promise<void> {
  ending = true;
  await Promise.all([...children].map(([child, signal]) => kill(child, signal)));
}

/** A measured process at work. */
export interface Task<Result> {
  readonly pid: number;
  /** What it answers in the end. @throws what it failed with, or that it died */
  readonly result: Promise<Result>;
  send(message: unknown): Promise<void>;
  /** Its next message. @throws when it ends first */
  receive<T>(): Promise<T>;
  kill(): Promise<void>;
}

/** With what to start measured processes. */
export interface Launch {
  /** The Node binary. */
  node: string;
  /** Options of Node itself. */
  nodeArgs: string[];
}

/** Starts a task in a process of its own. */
export function startTask<Result>(
  { node, nodeArgs }: Launch,
  task: string,
  params: unknown,
  script = taskScript,
): Task<Result> {
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = spawn(node, [...nodeArgs, script], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  adopt(child);
  const channel = messagesOf(child);
  let last: { finished?: true; result?: Result; error?: string } | undefined;
  child.on('message', (message: typeof last) => {
    if (message?.finished || message?.error !== undefined) last = message;
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      reject(new Error(last?.error ?? `The process of task ${task} ended (${signal ?? `exit code ${code}`})`));
    });
  });
  ended.catch(() => {});
  const result = ended.catch((error: unknown) => {
    if (last?.finished) return last.result as Result;
    throw error;
  });
  result.catch(() => {});
  void channel.send({ task, params }).catch(() => {});
  return {
    pid: child.pid ?? -1,
    result,
    send: (message) => channel.send(message),
    receive: <T>() => Promise.race([channel.receive() as Promise<T>, ended]),
    kill: () => kill(child),
  };
}

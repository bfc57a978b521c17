import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { isAlive } from './is-alive';
import { buildPrograms } from './programs';
import { rig, task } from './rig';

let program: URL;

beforeAll(async () => {
  const built = await buildPrograms();
  program = built.program;
  return built.remove;
});

it.each([
  ['waits', { before: 0, ms: 60_000 }],
  ['blocks its process', { before: 50, spins: true }],
])('a process whose job %s does not outlive its program, killed by SIGKILL', async (_what, data) => {
  const host = startHost(data);
  const pid = await childOf(host);
  expect(isAlive(pid)).toBe(true);
  host.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

it.each(['SIGINT', 'SIGTERM'] as const)('a process leaves it to its program what a %s means', async (signal) => {
  const { leviathan, add, ended } = await rig([task('saysPid', { kind: 'process' })]);
  const pid = new Promise<number>((resolve) => {
    leviathan.on('log', ({ logs = [] }) => resolve(pidIn(logs[0]?.message ?? '')));
  });
  const id = await add('saysPid', { before: 0, ms: 300 });
  process.kill(await pid, signal);
  expect((await ended(id)).status).toBe('completed');
});

function startHost(data: object): ChildProcess {
  const flags = ['--conditions=@leviathan/source', '--import=tsx'];
  const args = [...flags, 'test/host-child.ts', program.href, JSON.stringify(data)];
  const host = spawn(process.execPath, args, {
    cwd: `${import.meta.dirname}/..`,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void host.kill('SIGKILL'));
  return host;
}

async function childOf(host: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: host.stdout as NonNullable<typeof host.stdout> }))
    return pidIn(line);
  throw new Error('The program ended without a word.');
}

function pidIn(line: string): number {
  return Number(line.slice('pid '.length));
}

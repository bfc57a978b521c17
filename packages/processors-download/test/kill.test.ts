import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DownloadResult } from '../src/input';
import { Bench, serve } from './setup';

const MiB = 1024 * 1024;
const KILLS = 20;
const SIZE = 256 * MiB;
/** What may be downloaded again after one kill: the bytes on their way through the buffers of the process and of the kernel. */
const MAX_AGAIN = 16 * MiB;
const SEED = Number(process.env.LEVIATHAN_SEED ?? Date.now() % 1_000_000);

it('a process that is killed 20 times in mid-download ends with the right file and little downloaded twice', async () => {
  console.log(`LEVIATHAN_SEED=${SEED}`);
  const random = randomNumbers(SEED);
  const body = randomFillSync(Buffer.allocUnsafe(SIZE));
  const bench = await Bench.open();
  const starts: number[] = [];
  const sent: number[] = [];
  let child: ChildProcess | undefined;

  const server = await serve((req, res) => {
    const from = Number(/^bytes=(\d+)-$/.exec(req.headers.range ?? '')?.[1] ?? 0);
    const head = { etag: '"v1"', 'content-length': SIZE - from };
    const range = { 'content-range': `bytes ${from}-${SIZE - 1}/${SIZE}` };
    res.writeHead(from === 0 ? 200 : 206, from === 0 ? head : { ...head, ...range });
    starts.push(from);
    const killAt = starts.length <= KILLS ? from + Math.floor(random() * 12 * MiB) : Number.POSITIVE_INFINITY;
    pour(res, body, from, (position) => {
      sent[starts.length - 1] = position;
      if (position < killAt) return true;
      child?.kill('SIGKILL');
      return false;
    });
  });

  for (let run = 0; run < KILLS; run += 1) {
    child = startChild(bench.folder, server.url());
    const { signal } = await ended(child);
    expect(signal).toBe('SIGKILL');
    expect(await bench.files()).not.toContain('file.bin');
  }
  child = startChild(bench.folder, server.url());
  const { code, output } = await ended(child);
  expect(code).toBe(0);

  const result = JSON.parse(output) as DownloadResult;
  expect(result).toMatchObject({ bytes: SIZE, resumed: starts.at(-1) });
  expect(await bench.files()).toEqual(['file.bin']);
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  expect(sha256(await bench.read('file.bin'))).toBe(sha256(body));
  const again = starts.slice(1).map((start, i) => (sent[i] ?? 0) - start);
  console.log(`downloaded again after each kill, in KiB: ${again.map((bytes) => Math.round(bytes / 1024)).join(' ')}`);
  expect(Math.max(...again)).toBeLessThanOrEqual(MAX_AGAIN);
}, 300_000);

/** Sends the body at some 100 MiB/s, so that little of it stands in the kernel's buffers, until `goOn` says no. */
function pour(res: ServerResponse, body: Buffer, from: number, goOn: (position: number) => boolean): void {
  if (res.destroyed) return;
  if (from >= body.length) return void res.end();
  const piece = body.subarray(from, from + 256 * 1024);
  res.write(piece, (error) => {
    if (error || !goOn(from + piece.length)) return;
    setTimeout(() => pour(res, body, from + piece.length, goOn), 1);
  });
}

function startChild(folder: string, url: string): ChildProcess {
  const script = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
  const flags = ['--conditions=@leviathan/source', '--import=tsx'];
  return spawn(process.execPath, [...flags, script, folder, url], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, output })));
}

/** Mulberry32, a small generator with a seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

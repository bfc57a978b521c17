/** Handlers that run elsewhere: a job's module knows neither the queue nor the program. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @param {import('@leviathan/core').JobContext<{ upTo: number }>} ctx */
export function primes({ input, progress, log }) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; n <= input.upTo; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n);
    progress((n / input.upTo) * 100);
  }
  log(`found ${found.length}`);
  console.log('what is printed here becomes a line of the job');
  return { count: found.length, isHere: process.pid };
}

export function greedy() {
  const all = [];
  for (;;) all.push(new Array(10_000).fill(Math.random()));
}

/** @param {import('@leviathan/core').JobContext} ctx */
export function deaf({ log }) {
  log('nobody stops me');
  for (;;);
}

export async function patient() {
  await sleep(500);
  return 'finished in peace';
}

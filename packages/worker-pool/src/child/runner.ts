/**
 * The attempts that run in a worker.
 *
 * @module
 */
import { readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import type { Order, Returned } from '../protocol';
import { fromWire, type WireError } from '../wire-error';
import { type Callback, createContext } from './context';
import type { CpuBudget } from './guarded';
import type { Host } from './host';
import { loadHandler } from './load-handler';
import { Outbox } from './outbox';

/** Bytes that a process has before it has loaded anything of its jobs. */
const base = isMainThread ? process.memoryUsage.rss() : 0;

interface Running {
  controller: AbortController;
  outbox: Outbox;
  callbacks: Callback[];
}

/** See the module. */
export class Runner {
  readonly #host: () => Host;
  readonly #cpu: CpuBudget | undefined;
  readonly #running = new Map<number, Running>();

  constructor(host: () => Host, cpu: CpuBudget | undefined) {
    this.#host = host;
    this.#cpu = cpu;
  }

  async run(order: Order): Promise<Returned> {
    const host = this.#host();
    const { key } = order;
    const controller = new AbortController();
    const outbox = new Outbox((tells) => void host.$callEvent('tell', key, tells).catch(() => {}));
    const callbacks: Callback[] = [];
    this.#running.set(key, { controller, outbox, callbacks });
    try {
      const handler = await loadHandler(order.module, order.handler);
      void host.$callEvent('began', key, systemThread());
      this.#cpu?.begin();
      const value = await handler(createContext(order, controller.signal, outbox, host, callbacks));
      return { value, memory: usedMemory() };
    } finally {
      this.#cpu?.end();
      outbox.flush();
      this.#running.delete(key);
      await printed();
    }
  }

  abort(key: number, reason: WireError): void {
    this.#running.get(key)?.controller.abort(fromWire(reason));
  }

  async callback(key: number, ref: number, args: unknown[]): Promise<unknown> {
    const running = this.#running.get(key);
    const value = await running?.callbacks[ref]?.(...args);
    running?.outbox.flush();
    return value;
  }

  /** Sends what was told and not sent yet. */
  flush(): void {
    for (const { outbox } of this.#running.values()) outbox.flush();
  }
}

/** MB in use, as the limit of the worker counts them. */
function usedMemory(): number {
  const bytes = isMainThread ? process.memoryUsage.rss() - base : process.memoryUsage().heapUsed;
  return bytes / 2 ** 20;
}

/** What the system knows this thread by, where it says so. */
function systemThread(): number | undefined {
  if (isMainThread || process.platform !== 'linux') return undefined;
  return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
}

/** Resolves when all that was printed has left this thread: it belongs to the job that ends now. */
async function printed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  }
}

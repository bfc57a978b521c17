/**
 * One request and its response, as events of undici's dispatcher made into two promises.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { DownloadError } from '../../errors';
import type { Sink } from '../../protocol';
import { connectionError } from './failure';
import type { HttpPool } from './pool';

/** A response whose body waits to be read. */
export interface Exchange {
  readonly status: number;
  /** By lower-case name; of repeated headers the first, except that lists are joined. Each character is one byte. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Delivers the body; resolves at its end. */
  read(sink: Sink): Promise<void>;
  /** Ends it: the connection is closed unless the body was read to its end. */
  close(): void;
}

/** What to ask. */
export interface ExchangeRequest {
  url: URL;
  headers: Map<string, string>;
  timeouts: { connect: number; idle: number };
  signal: AbortSignal;
}

/** Headers that are lists, where each line counts. */
const LISTS = new Set(['digest', 'repr-digest', 'content-encoding']);

/** Sends a GET and resolves with the head of the response. Rejects with an error of this package, or with the signal's reason. */
export function exchange(pool: HttpPool, request: ExchangeRequest): Promise<Exchange> {
  request.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    new PendingExchange(pool, request, resolve, reject).start();
  });
}

class PendingExchange implements Exchange, Dispatcher.DispatchHandler {
  status = 0;
  headers: Record<string, string | undefined> = {};
  private controller: Dispatcher.DispatchController | undefined;
  private connecting: Socket | undefined;
  private isFresh = false;
  private timer: NodeJS.Timeout | undefined;
  private sink: Sink | undefined;
  private ending: { done: true; error?: Error } | undefined;
  private settle: { resolve: () => void; reject: (error: Error) => void };
  private readonly onAbort = (): void => this.fail(asError(this.request.signal.reason));

  constructor(
    private readonly pool: HttpPool,
    private readonly request: ExchangeRequest,
    resolve: (exchange: Exchange) => void,
    reject: (error: Error) => void,
  ) {
    this.settle = { resolve: () => resolve(this), reject };
  }

  start(): void {
    const { url, timeouts, signal } = this.request;
    signal.addEventListener('abort', this.onAbort, { once: true });
    this.timer = setTimeout(() => {
      this.fail(new DownloadError('TIMEOUT', `No connection to ${url.host} within ${timeouts.connect} ms.`));
    }, timeouts.connect);
    const options: Dispatcher.DispatchOptions = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: Object.fromEntries(this.request.headers),
      headersTimeout: timeouts.idle,
      bodyTimeout: timeouts.idle,
    };
    try {
      this.pool.dispatch(options, this, (socket) => this.onConnecting(socket));
    } catch (error) {
      // The pool is closed, or undici refuses the request.
      this.onResponseError(undefined, asError(error));
    }
  }

  read(sink: Sink): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.ending !== undefined) {
        if (this.ending.error === undefined) resolve();
        else reject(this.ending.error);
        return;
      }
      this.settle = { resolve, reject };
      this.sink = sink;
      this.controller?.resume();
    });
  }

  close(): void {
    if (this.ending === undefined) this.fail(new DownloadError('NETWORK', 'The response is not needed any more.'));
  }

  // From here on: what undici calls.

  onRequestStart(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.timer);
    this.controller = controller;
    this.connecting = undefined;
    if (this.ending?.error !== undefined) controller.abort(this.ending.error);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 103 Early Hints and the like: the response proper is still to come.
    if (status < 200) return;
    this.status = status;
    for (const [name, value] of Object.entries(headers)) {
      this.headers[name] = !Array.isArray(value) ? value : LISTS.has(name) ? value.join(', ') : value[0];
    }
    controller.pause();
    this.settle.resolve();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    try {
      const wait = this.sink?.(chunk);
      if (wait === undefined) return;
      controller.pause();
      wait.then(
        () => controller.resume(),
        (error: unknown) => this.fail(asError(error)),
      );
    } catch (error) {
      this.fail(asError(error));
    }
  }

  onResponseEnd(): void {
    this.end();
    this.settle.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.ending !== undefined) return;
    const phase = this.status === 0 ? 'request' : 'body';
    // A kept connection may die at the very moment it is used again: that says nothing about the server.
    const isStale = phase === 'request' && !this.isFresh && this.controller !== undefined;
    const mapped = connectionError(error, this.request.url.host, phase);
    this.end(isStale ? new StaleConnectionError(mapped) : mapped);
  }

  private onConnecting(socket: Socket): void {
    this.isFresh = true;
    this.connecting = socket;
    // Aborted before undici got round to connecting.
    if (this.ending !== undefined) socket.destroy();
  }

  private fail(error: Error): void {
    if (this.ending !== undefined) return;
    this.end(error);
    this.controller?.abort(error);
    // undici cannot abort a request that has no connection yet, so the attempt to connect is ended here.
    this.connecting?.destroy(error);
  }

  private end(error?: Error): void {
    this.ending = { done: true, ...(error && { error }) };
    clearTimeout(this.timer);
    this.request.signal.removeEventListener('abort', this.onAbort);
    if (error !== undefined) this.settle.reject(error);
  }
}

/** The connection was an old one and died before it answered; asking once more on a new one is right (RFC 9112 section 9.3.1). */
export class StaleConnectionError extends DownloadError {
  constructor(readonly failure: Error) {
    super('NETWORK', failure.message, { cause: failure });
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/**
 * A web server whose files arrive piece by piece, when a test says so.
 *
 * @module
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Serves one file of a given size at any path. */
export class SlowServer {
  private sent = 0;
  private allowed = 0;
  private responses = new Set<ServerResponse>();
  readonly url: Promise<string>;

  constructor(readonly size: number) {
    const server = createServer((_, response) => {
      this.sent = 0;
      response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
      response.flushHeaders();
      this.responses.add(response);
      this.pump();
    });
    this.url = new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
  }

  /** Lets so many bytes of the file through, all in all. */
  allow(bytes: number): void {
    this.allowed = Math.min(bytes, this.size);
    this.pump();
  }

  private pump(): void {
    const response = [...this.responses].at(-1);
    if (response === undefined || this.sent >= this.allowed) return;
    response.write(Buffer.alloc(this.allowed - this.sent, 'x'));
    this.sent = this.allowed;
    if (this.sent === this.size) response.end();
  }
}

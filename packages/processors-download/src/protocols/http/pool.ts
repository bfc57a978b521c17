/**
 * The connections of all downloads.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { type LookupFunction, Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';

/** How connections are made. */
export interface ConnectOptions {
  /** Certificates (PEM) of authorities to trust instead of those that come with Node. */
  ca?: string | string[];
  /** Resolves host names in place of `dns.lookup`; the connection goes to the address it gives, so a policy put here cannot be evaded. */
  lookup?: LookupFunction;
}

/** Keeps idle connections for the next file of the same server. */
export class HttpPool {
  private agent: Agent | undefined;
  /** Leads from a socket that is being connected to the request that it is for: undici itself does not tell. */
  private readonly scope = new AsyncLocalStorage<(socket: Socket) => void>();

  constructor(private readonly options: ConnectOptions) {}

  /** Sends a request; `onConnecting` gets the socket when a new connection is made for it. */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    onConnecting: (socket: Socket) => void,
  ): void {
    this.agent ??= this.connect();
    const { agent } = this;
    this.scope.run(onConnecting, () => agent.dispatch(options, handler));
  }

  /** Ends every connection, busy or not; requests under way fail, and new ones get new connections. */
  async destroy(): Promise<void> {
    const { agent } = this;
    this.agent = undefined;
    await agent?.destroy();
  }

  private connect(): Agent {
    // The time to connect is each job's own affair: see `exchange`.
    const connector = buildConnector({ ...this.options, timeout: 0 });
    return new Agent({
      connect: (options, callback) => {
        // The types say that nothing is returned; undici's own connector returns the socket.
        const socket: unknown = connector(options, callback);
        if (socket instanceof Socket) this.scope.getStore()?.(socket);
      },
    });
  }
}

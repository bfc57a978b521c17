/**
 * The service that lets plugins listen.
 *
 * @module
 */
import type { QueueEventMap, QueueListener } from './events';
import type { Plugin } from './plugin';
import type { Queue } from './queue';
import type { Service, ServiceContext, ServiceHealth } from './service';

/** Attaches the hooks of plugins once the store is open, and takes them off before it closes. */
export class PluginService implements Service {
  readonly name = 'plugins';
  readonly #plugins: readonly Plugin[];
  #queue: Queue | undefined;

  constructor(plugins: readonly Plugin[]) {
    this.#plugins = plugins;
  }

  /** Whether any of these plugins needs it. */
  static isNeededFor(plugins: readonly Plugin[]): boolean {
    return plugins.some(({ hooks }) => hooks !== undefined);
  }

  /** Attaches the hooks. */
  start({ queue }: ServiceContext): void {
    this.#queue = queue;
    this.#each((kind, hook) => queue.on(kind, hook));
  }

  /** Takes the hooks off. */
  stop(): void {
    this.#each((kind, hook) => this.#queue?.off(kind, hook));
  }

  /** Who is there. */
  health(): ServiceHealth {
    return { status: 'ok', problems: [], details: { plugins: this.#plugins.map(({ name }) => name) } };
  }

  #each(use: (kind: keyof QueueEventMap, hook: QueueListener<keyof QueueEventMap>) => void): void {
    for (const { hooks = {} } of this.#plugins) {
      for (const [kind, hook] of Object.entries(hooks)) {
        if (hook) use(kind as keyof QueueEventMap, hook as QueueListener<keyof QueueEventMap>);
      }
    }
  }
}

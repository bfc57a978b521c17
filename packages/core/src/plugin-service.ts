/**
 * The service that lets plugins listen, and gives the store their templates.
 *
 * @module
 */

import type { DefinitionChange } from './definition';
import type { QueueEventMap, QueueListener } from './events';
import type { Json } from './job';
import type { Plugin } from './plugin';
import type { Queue } from './queue';
import type { Service, ServiceContext, ServiceHealth } from './service';

/** Puts templates of plugins into the store, and attaches their hooks: once the store is open, until before it closes. */
export class PluginService implements Service {
  readonly name = 'plugins';
  readonly #plugins: readonly Plugin[];
  #queue: Queue | undefined;

  constructor(plugins: readonly Plugin[]) {
    this.#plugins = plugins;
  }

  /** Whether any of these plugins needs it. */
  static isNeededFor(plugins: readonly Plugin[]): boolean {
    return plugins.some(({ hooks, templates }) => hooks !== undefined || templates !== undefined);
  }

  /** Puts the templates that are not there, then attaches the hooks. */
  async start({ queue }: ServiceContext): Promise<void> {
    this.#queue = queue;
    await this.#putTemplates(queue);
    this.#each((kind, hook) => queue.on(kind, hook));
  }

  /** Takes the hooks off. */
  stop(): void {
    this.#each((kind, hook) => this.#queue?.off(kind, hook));
  }

  /** Who is there; `degraded` when the store keeps no templates. */
  health(): ServiceHealth {
    const details = { plugins: this.#plugins.map(({ name }) => name) };
    const lost = this.#queue?.store.capabilities.definitions === false ? this.#templates() : [];
    if (lost.length === 0) return { status: 'ok', problems: [], details };
    const names = lost.map(({ name }) => name).join(', ');
    return { status: 'degraded', problems: [`The store keeps no templates, so these are missing: ${names}.`], details };
  }

  /** All in one commit. Of several plugins with a template of one name the first counts. */
  async #putTemplates({ store }: Queue): Promise<void> {
    const wanted = this.#templates();
    if (wanted.length === 0 || !store.capabilities.definitions) return;
    const names = new Set((await store.definitions('template')).map(({ name }) => name));
    const missing = wanted.filter(({ name }) => !names.has(name) && names.add(name));
    if (missing.length > 0) await store.define(missing, { by: 'plugins' });
  }

  #templates(): DefinitionChange[] {
    return this.#plugins.flatMap(({ templates = {} }) =>
      Object.entries(templates).map(([name, template]) => ({
        kind: 'template' as const,
        name,
        value: template as unknown as Json,
      })),
    );
  }

  #each(use: (kind: keyof QueueEventMap, hook: QueueListener<keyof QueueEventMap>) => void): void {
    for (const { hooks = {} } of this.#plugins) {
      for (const [kind, hook] of Object.entries(hooks)) {
        if (hook) use(kind as keyof QueueEventMap, hook as QueueListener<keyof QueueEventMap>);
      }
    }
  }
}

/**
 * Parts of a program that start and stop together.
 *
 * @module
 */
import type { Clock } from './clock';
import { ServiceError } from './errors';
import type { Json } from './job';
import type { ModuleRunner } from './module-runner';
import type { Queue } from './queue';

/** How a service is doing. */
export interface ServiceHealth {
  /** `stopped`: not started, or stopped in order. */
  status: 'stopped' | 'ok' | 'degraded' | 'failed';
  /** What is wrong, as sentences; empty when all is well. */
  problems: string[];
  /** Facts for people. */
  details?: Record<string, Json>;
}

/** What a service may use from its start to its stop. */
export interface ServiceContext {
  /** The jobs of this program. */
  readonly queue: Queue;
  readonly clock: Clock;
}

/** A part of a program with a life of its own: a connection pool, a scheduler, a server. */
export interface Service {
  readonly name: string;
  /** Runs the handlers of processors that name a module, from its start to its stop. */
  readonly modules?: ModuleRunner;
  /** Resolves when the service can be used. Rejects, and leaves nothing open, when it cannot. */
  start(context: ServiceContext): Promise<void> | void;
  /** Resolves when everything is let go, if possible before `deadline` (epoch milliseconds). */
  stop(context: { deadline: number }): Promise<void> | void;
  /** How it is doing; asked while it runs. */
  health(): ServiceHealth | Promise<ServiceHealth>;
}

/** Health of all services, by name. */
export interface HealthReport {
  /** The worst of them. */
  status: ServiceHealth['status'];
  /** All problems, each with the name of its service. */
  problems: string[];
  services: Record<string, ServiceHealth>;
}

const SEVERITY = ['ok', 'stopped', 'degraded', 'failed'] as const;

/** Starts services in order and stops them in reverse order. */
export class ServiceManager {
  readonly #services: readonly Service[];
  #started: Service[] = [];

  /** @throws ServiceError when two services have one name. */
  constructor(services: readonly Service[]) {
    const names = services.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new ServiceError(
        `Two services are named ${JSON.stringify(twice)}; name one of them differently.`,
        undefined,
      );
    this.#services = services;
  }

  /** The names of the services, in the order in which they start. */
  get names(): string[] {
    return this.#services.map(({ name }) => name);
  }

  /** The service of this name. */
  get(name: string): Service | undefined {
    return this.#services.find((service) => service.name === name);
  }

  /**
   * Starts each once the one before it has started. When one fails, those that run already are stopped again, in reverse order.
   * @throws ServiceError whose `cause` is what the failing service threw.
   */
  async start(context: ServiceContext): Promise<void> {
    for (const service of this.#services) {
      if (this.#started.includes(service)) continue;
      try {
        await service.start(context);
        this.#started.push(service);
      } catch (error) {
        const faults = await this.#stopAll(context.clock.now());
        const cause = faults.length > 0 ? new AggregateError([error, ...faults.map((fault) => fault.error)]) : error;
        throw new ServiceError(`The service ${service.name} could not start: ${messageOf(error)}`, cause);
      }
    }
  }

  /**
   * Stops the started services in reverse order; one that fails to does not keep the others from it.
   * @param context `deadline`: epoch milliseconds until which services should be done.
   * @throws ServiceError whose `cause` is the error, or an `AggregateError` of several.
   */
  async stop({ deadline }: { deadline: number }): Promise<void> {
    const faults = await this.#stopAll(deadline);
    if (faults.length === 0) return;
    const errors = faults.map(({ error }) => error);
    const message = faults.map(({ name, error }) => `${name}: ${messageOf(error)}`).join('; ');
    throw new ServiceError(
      `Services failed to stop: ${message}`,
      errors.length === 1 ? errors[0] : new AggregateError(errors),
    );
  }

  /** Asks each service; one that throws counts as failed. */
  async health(): Promise<HealthReport> {
    const services: Record<string, ServiceHealth> = {};
    for (const service of this.#services) services[service.name] = await this.#healthOf(service);
    const all = Object.entries(services);
    const status = all.reduce<ServiceHealth['status']>(
      (worst, [, health]) => (SEVERITY.indexOf(health.status) > SEVERITY.indexOf(worst) ? health.status : worst),
      'ok',
    );
    return {
      status,
      problems: all.flatMap(([name, { problems }]) => problems.map((text) => `${name}: ${text}`)),
      services,
    };
  }

  async #healthOf(service: Service): Promise<ServiceHealth> {
    if (!this.#started.includes(service)) return { status: 'stopped', problems: [] };
    try {
      return await service.health();
    } catch (error) {
      return { status: 'failed', problems: [`cannot tell its health: ${messageOf(error)}`] };
    }
  }

  async #stopAll(deadline: number): Promise<{ name: string; error: unknown }[]> {
    const faults: { name: string; error: unknown }[] = [];
    for (const service of this.#started.splice(0).reverse()) {
      try {
        await service.stop({ deadline });
      } catch (error) {
        faults.push({ name: service.name, error });
      }
    }
    return faults;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

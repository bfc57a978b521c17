/**
 * A spec whose data was made a JSON text when the job was checked. Stores that keep texts take it as it is, and nobody has to copy the
 * data to be safe from what the producer does with it meanwhile.
 *
 * @module
 */
import type { BackoffSpec, CrashPolicy, JobSpec, Json, ParentPolicy, TraceContext, Unique } from './job';

/** See the module. Its fields are those of a {@link JobSpec}; `data` may be the producer's own object. */
export class CheckedSpec implements JobSpec {
  declare id?: string;
  declare priority?: number;
  declare runAt?: number;
  declare maxAttempts?: number;
  declare maxCrashes?: number;
  declare backoff?: BackoffSpec;
  declare timeout?: number;
  declare retryFor?: number;
  declare expiresAt?: number;
  declare ageing?: number;
  declare deadLetter?: string;
  declare onCrash?: CrashPolicy;
  declare dependsOn?: string[];
  declare onParentFailed?: ParentPolicy;
  declare key?: string;
  declare unique?: Unique;
  declare group?: string;
  declare needs?: Record<string, number>;
  declare tags?: string[];
  declare trace?: TraceContext;
  readonly #text: string;
  #isPlain = true;

  constructor(
    readonly type: string,
    readonly data: Json,
    text: string,
  ) {
    this.#text = text;
  }

  /** Whether it is a spec of this class that says nothing but its type and data. */
  static isPlain(spec: JobSpec): boolean {
    return #text in spec && spec.#isPlain;
  }

  /** Takes options over. */
  set(options: Partial<Omit<JobSpec, 'type' | 'data'>>): void {
    this.#isPlain = false;
    Object.assign(this, options);
  }

  /** The JSON text of a spec's data, if it was made already. */
  static textOf(spec: JobSpec): string | undefined {
    return #text in spec ? spec.#text : undefined;
  }

  /** A spec that is only its fields, with data of its own. */
  static plain(spec: JobSpec): JobSpec {
    return #text in spec ? { ...spec, data: JSON.parse(spec.#text) as Json } : spec;
  }
}

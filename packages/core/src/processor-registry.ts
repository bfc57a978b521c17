/**
 * The processors of one program, by type.
 *
 * @module
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { type Issue, UnknownTypeError, ValidationError } from './errors';
import type { Isolation } from './isolation';
import type { Json } from './job';
import { jsonOf } from './json';
import { isolationFaults } from './module-runner';
import type { AnyProcessor } from './processor';
import { check } from './schema';
import type { JobValidator } from './store';

/** What people and other programs may know of a processor; plain JSON. */
export interface ProcessorManifest {
  type: string;
  description?: string;
  /** Jobs of the type that one worker runs at once, where it differs from the worker's own. */
  concurrency?: number;
  /** How its handler is kept apart from the program; left out when it runs in the program itself. */
  isolation?: Isolation;
  /** Options of new jobs, where the producer gives none. A backoff function shows as the text `function`. */
  defaults?: Json;
  /** JSON Schema (2020-12) of the data, where the schema library or the processor's `jsonSchema` tells it. */
  input?: Json;
  /** JSON Schema (2020-12) of the result, where it is told as well. */
  output?: Json;
}

/** Looks processors up; throws when two of them claim the same type, or one is not what `defineProcessor` makes. */
export class ProcessorRegistry implements JobValidator {
  readonly #byType = new Map<string, AnyProcessor>();

  /** @throws ValidationError that names each faulty processor by its place in the list. */
  constructor(processors: readonly AnyProcessor[]) {
    const issues: Issue[] = [];
    for (const [index, processor] of processors.entries()) {
      issues.push(...faultsOf(processor).map(({ path, message }) => ({ path: [index, ...path], message })));
      if (this.#byType.has(processor?.type)) {
        issues.push({
          path: [index, 'type'],
          message: `there is another processor of type ${JSON.stringify(processor.type)}`,
        });
      } else if (processor) {
        this.#byType.set(processor.type, processor);
      }
    }
    if (issues.length > 0) throw new ValidationError('The list of processors', issues);
  }

  /** The processor of this type. */
  get(type: string): AnyProcessor | undefined {
    return this.#byType.get(type);
  }

  /**
   * The processor of this type.
   * @throws UnknownTypeError
   */
  require(type: string): AnyProcessor {
    const processor = this.#byType.get(type);
    if (!processor) throw new UnknownTypeError(type, this.types());
    return processor;
  }

  /** All types, in the order of the list. */
  types(): string[] {
    return [...this.#byType.keys()];
  }

  /** The processors, in the order of the list. */
  [Symbol.iterator](): IterableIterator<AnyProcessor> {
    return this.#byType.values();
  }

  /** Faults of the data, with paths below it; none when there is no processor of the type. */
  async validate(type: string, data: Json): Promise<Issue[]> {
    const processor = this.#byType.get(type);
    if (!processor) return [];
    return (await check(processor.input, data, [])).issues ?? [];
  }

  /** What each processor is, as plain JSON. */
  manifests(): ProcessorManifest[] {
    return [...this].map(manifestOf);
  }
}

/** What is wrong with a processor, with paths below it. */
export function faultsOf(processor: AnyProcessor): Issue[] {
  const issues: Issue[] = [];
  const need = (holds: boolean, field: string, message: string): void => {
    if (!holds) issues.push({ path: [field], message });
  };
  if (typeof processor !== 'object' || processor === null) return [{ path: [], message: 'is not a processor' }];
  const { type, input, output, run, concurrency } = processor as Partial<AnyProcessor>;
  need(typeof type === 'string' && type.length > 0, 'type', 'must be a text');
  need(typeof input?.['~standard']?.validate === 'function', 'input', 'must be a Standard Schema, for example of zod');
  need(
    output === undefined || typeof output['~standard']?.validate === 'function',
    'output',
    'must be a Standard Schema, for example of zod',
  );
  need(typeof run === 'function', 'run', 'must be a function');
  need(
    concurrency === undefined || (Number.isInteger(concurrency) && concurrency > 0),
    'concurrency',
    'must be an integer of 1 or more',
  );
  return [...issues, ...isolationFaults(processor)];
}

/** What people and other programs may know of a processor. */
export function manifestOf(processor: AnyProcessor): ProcessorManifest {
  const { type, description, concurrency, module, isolation, defaults, input, output, jsonSchema } = processor;
  const manifest: ProcessorManifest = { type };
  if (description !== undefined) manifest.description = description;
  if (concurrency !== undefined) manifest.concurrency = concurrency;
  if (module !== undefined) manifest.isolation = { kind: 'process', ...isolation };
  if (defaults !== undefined) {
    const plain = typeof defaults.backoff === 'function' ? { ...defaults, backoff: 'function' } : defaults;
    const result = jsonOf(plain, []);
    if ('json' in result) manifest.defaults = result.json;
  }
  const inputSchema = jsonSchema?.input ?? jsonSchemaOf(input, 'input');
  if (inputSchema !== undefined) manifest.input = inputSchema;
  const outputSchema = jsonSchema?.output ?? (output && jsonSchemaOf(output, 'output'));
  if (outputSchema !== undefined) manifest.output = outputSchema;
  return manifest;
}

/** Standard JSON Schema (standardschema.dev/json-schema) is optional, and may throw where a schema has no JSON form, as a transform. */
function jsonSchemaOf(schema: StandardSchemaV1, side: 'input' | 'output'): Json | undefined {
  const standard: StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props> = schema['~standard'];
  try {
    const result = jsonOf(standard.jsonSchema?.[side]({ target: 'draft-2020-12' }), []);
    return 'json' in result ? result.json : undefined;
  } catch {
    return undefined;
  }
}

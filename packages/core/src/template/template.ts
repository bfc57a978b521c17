/**
 * What a template is: a job, or several, with gaps, and what may be filled in.
 *
 * @module
 */
import type { Json } from '../job';

/** What a parameter may be. */
export const PARAMETER_TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;

/** A value, described by keywords of JSON Schema (2020-12). */
export interface ParameterSchema {
  type: (typeof PARAMETER_TYPES)[number];
  /** For a form: the name of the field, and a sentence below it. */
  title?: string;
  description?: string;
  /** The values to choose from. */
  enum?: Json[];
  /** `uri`, `email`, `date`, `date-time`, `uuid` …: the formats of JSON Schema. */
  format?: string;
  /** A regular expression; it matches anywhere in the text, unless it has `^` and `$`. */
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  /** What each element of a list is. */
  items?: ParameterSchema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
}

/** One parameter of a template. */
export interface TemplateParameter extends ParameterSchema {
  /** Taken when nobody gives a value. */
  default?: Json;
  /** False: may be left out, and what holds its placeholder is left out, too. True by default, unless there is a `default`. */
  required?: boolean;
}

/** The job that a template makes. Placeholders may stand in every text of `data` and `options`; see {@link Template}. */
export interface TemplateJob {
  type: string;
  /** `{}` by default. */
  data?: Json;
  /** Options of `add`, as JSON: times as ISO 8601. */
  options?: { [option: string]: Json };
}

/** One job of a flow that a template makes. */
export interface TemplateFlowJob extends TemplateJob {
  /** Names of jobs of the flow that must complete first. */
  dependsOn?: string[];
}

/** What all templates have. */
interface TemplateHead {
  /** One sentence for people. */
  description?: string;
  parameters?: { [name: string]: TemplateParameter };
  /** Values of some or all parameters, by the name under which they are chosen together. */
  presets?: { [name: string]: { [parameter: string]: Json } };
}

/** A template of one job. */
export interface JobTemplate extends TemplateHead {
  job: TemplateJob;
  flow?: never;
}

/** A template of several jobs by name, which are added together; see `Queue.addFlow`. */
export interface FlowTemplate extends TemplateHead {
  flow: { [name: string]: TemplateFlowJob };
  job?: never;
}

/**
 * A job or a flow with parameters, kept under a name in the store; a folder store keeps one file for each in `templates/`.
 *
 * `{{name}}` in a text is the placeholder of a parameter. A text that is nothing else becomes the value, a number a number, a list a
 * list; inside a longer text a text, a number or a boolean is written out. `{{{{` stands for two braces.
 *
 * @example
 * ```json
 * {
 *   "description": "Keeps a copy of a site",
 *   "parameters": {
 *     "url": { "type": "string", "format": "uri" },
 *     "depth": { "type": "integer", "minimum": 1, "default": 2 }
 *   },
 *   "presets": { "shallow": { "depth": 1 } },
 *   "job": { "type": "mirror", "data": { "url": "{{url}}", "depth": "{{depth}}" }, "options": { "key": "mirror:{{url}}" } }
 * }
 * ```
 */
export type Template = JobTemplate | FlowTemplate;

/**
 * The parameters of a template: whether they are well described, and whether values fit them.
 *
 * @module
 */
import { Validator } from '@cfworker/json-schema';
import type { Issue } from '../errors';
import type { Json } from '../job';
import { isObject, type JsonObject } from '../json';
import { PARAMETER_NAME } from './placeholder';
import { PARAMETER_TYPES, type ParameterSchema, type Template, type TemplateParameter } from './template';

type Path = readonly (string | number)[];
type Check = (value: Json) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'must be a text');
const number: Check = (value) => (typeof value === 'number' ? undefined : 'must be a number');
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be 0 or more';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');

const MAX_PATH = 10;

/** The keywords that a parameter may have: those that a form can show. */
const KEYWORDS: { [keyword: string]: Check } = {
  type: (value) =>
    (PARAMETER_TYPES as readonly unknown[]).includes(value)
      ? undefined
      : `must be one of ${PARAMETER_TYPES.join(', ')}`,
  title: text,
  description: text,
  enum: (value) => (Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of values'),
  format: text,
  pattern: (value) => (typeof value === 'string' && isPattern(value) ? undefined : 'must be a regular expression'),
  minLength: count,
  maxLength: count,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: (value) => (typeof value === 'number' && value > 0 ? undefined : 'must be a number above 0'),
  items: (value) => (isObject(value) ? undefined : 'must be an object'),
  minItems: count,
  maxItems: count,
  uniqueItems: flag,
};

/** Keywords of the parameter itself, not of the elements of a list. */
const OWN_KEYWORDS: { [keyword: string]: Check } = { ...KEYWORDS, default: () => undefined, required: flag };

/** Checks how the parameters of a template are described. */
export function checkParameters(parameters: JsonObject, issues: Issue[]): void {
  for (const [name, parameter] of Object.entries(parameters)) {
    const path = ['parameters', name];
    if (!PARAMETER_NAME.test(name)) {
      issues.push({ path, message: 'must be called by letters, digits, _ and -, the first a letter; 64 at most' });
    }
    const faults: Issue[] = [];
    checkKeywords(parameter, OWN_KEYWORDS, path, faults);
    issues.push(...faults);
    if (faults.length > 0 || !isObject(parameter) || parameter.default === undefined) continue;
    checkValue(parameter as unknown as TemplateParameter, parameter.default, [...path, 'default'], issues);
  }
}

/**
 * The JSON Schema (2020-12) of an object with all parameters, for whoever makes a form or calls a template as a tool.
 */
export function parameterSchema(template: Template): JsonObject {
  const parameters = Object.entries(template.parameters ?? {});
  const properties = parameters.map(
    ([name, { required: _ofOurs, ...schema }]) => [name, schema as unknown as JsonObject] as const,
  );
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: parameters.filter(([, parameter]) => isRequired(parameter)).map(([name]) => name),
    additionalProperties: false,
  };
}

/**
 * The values that a template is filled with: those given, else those of the preset, else the defaults.
 * @param issues Gets what does not fit, with paths below `params` and `preset`.
 */
export function valuesFor(
  template: Template,
  { preset, params = {} }: { preset?: string | undefined; params?: JsonObject | undefined },
  issues: Issue[],
): Map<string, Json> {
  const { parameters = {}, presets = {} } = template;
  if (preset !== undefined && !Object.hasOwn(presets, preset)) {
    issues.push({ path: ['preset'], message: `must be ${oneOf(Object.keys(presets), 'left out: there is none')}` });
  }
  const chosen = preset !== undefined && Object.hasOwn(presets, preset) ? (presets[preset] as JsonObject) : {};
  const values = new Map<string, Json>();
  checkValues(parameters, params, ['params'], issues);
  for (const [name, parameter] of Object.entries(parameters)) {
    const given = [params, chosen].find((from) => Object.hasOwn(from, name) && from[name] !== undefined);
    const value = given ? (given[name] as Json) : parameter.default;
    if (value !== undefined) values.set(name, value);
    else if (isRequired(parameter)) issues.push({ path: ['params', name], message: 'is missing' });
  }
  return values;
}

/** Checks values against the parameters that they are for; parameters without a value are no fault. */
export function checkValues(
  parameters: { [name: string]: TemplateParameter },
  values: JsonObject,
  path: Path,
  issues: Issue[],
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter) checkValue(parameter, value, [...path, name], issues);
    else {
      const known = oneOf(Object.keys(parameters), 'there are none');
      issues.push({ path: [...path, name], message: `is no parameter of the template: ${known}` });
    }
  }
}

/**
 * A parameter's value as a person types it: a text stays one, everything else is read as JSON. A text that is not JSON is given back, and
 * refused where values are checked.
 */
export function parseParameter(schema: ParameterSchema | undefined, value: string): Json {
  if (!schema || schema.type === 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function isRequired({ required, default: value }: TemplateParameter): boolean {
  return required ?? value === undefined;
}

function checkValue(parameter: TemplateParameter, value: Json, path: Path, issues: Issue[]): void {
  const { required: _ofOurs, ...schema } = parameter;
  const { errors } = new Validator(schema as ConstructorParameters<typeof Validator>[0], '2020-12', false).validate(
    value,
  );
  for (const { keyword, instanceLocation, error } of errors) {
    // What is wrong inside a list is told by itself.
    if (keyword !== 'items') issues.push({ path: [...path, ...pathOf(instanceLocation)], message: sentence(error) });
  }
}

function checkKeywords(value: Json, keywords: { [keyword: string]: Check }, path: Path, issues: Issue[]): void {
  // Lists of lists of lists end somewhere.
  if (!isObject(value) || path.length > MAX_PATH) {
    issues.push({ path: [...path], message: isObject(value) ? 'is nested too deeply' : 'must be an object' });
    return;
  }
  if (value.type === undefined) issues.push({ path: [...path, 'type'], message: 'is missing' });
  for (const [keyword, setting] of Object.entries(value)) {
    const check = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    const message = check ? check(setting) : 'is no keyword of a parameter';
    if (message !== undefined) issues.push({ path: [...path, keyword], message });
    else if (keyword === 'items') checkKeywords(setting, KEYWORDS, [...path, keyword], issues);
  }
}

function isPattern(source: string): boolean {
  try {
    // As JSON Schema has it: with Unicode.
    new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}

/** From the fragment of a JSON pointer, whose steps into lists are numbers. */
function pathOf(location: string): (string | number)[] {
  return location
    .split('/')
    .slice(1)
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~')));
}

function sentence(error: string): string {
  return `${error.charAt(0).toLowerCase()}${error.slice(1).replace(/\.$/, '')}`;
}

function oneOf(names: readonly string[], otherwise: string): string {
  return names.length > 0 ? `one of ${names.join(', ')}` : otherwise;
}

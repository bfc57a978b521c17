/**
 * Templates, as lines.
 *
 * @module
 */
import type { Definition, Template, TemplateParameter } from '@leviathan/core';
import type { Output } from '../terminal/output';
import { manyLines, oneLine } from './safe';
import { type Column, table } from './table';
import { wrap } from './text';

/** The columns of a list. */
export const TEMPLATE_COLUMNS: readonly Column[] = [
  { title: 'NAME', min: 8 },
  { title: 'TYPE', min: 6 },
  { title: 'PARAMETERS', min: 10 },
  { title: 'PRESETS', min: 7, drop: 1 },
  { title: 'DESCRIPTION', min: 12, drop: 2 },
];

/** One row of the list; a star marks parameters that must be given. */
export function templateRow({ name, value }: Definition<Template>): string[] {
  const parameters = Object.entries(value.parameters ?? {}).map(
    ([key, parameter]) => `${key}${isNeeded(parameter) ? '*' : ''}`,
  );
  const cells = [
    value.flow
      ? Object.values(value.flow)
          .map(({ type }) => type)
          .join(', ')
      : value.job.type,
    parameters.join(', '),
    Object.keys(value.presets ?? {}).join(', '),
    value.description ?? '',
  ];
  return [name, ...cells.map(oneLine)];
}

/** All of one template. */
export function templateLines(name: string, template: Template, { columns, colors: c }: Output): string[] {
  const { description, parameters = {}, presets = {}, job, flow } = template;
  const rows = Object.entries(parameters).map(([key, parameter]) => [
    key,
    parameter.type,
    isNeeded(parameter) ? 'required' : parameter.default === undefined ? '' : JSON.stringify(parameter.default),
    oneLine(parameter.description ?? parameter.title ?? ''),
  ]);
  const titles = [
    { title: 'PARAMETER' },
    { title: 'TYPE' },
    { title: 'DEFAULT', min: 8 },
    { title: 'DESCRIPTION', min: 12 },
  ];
  const lines = [
    c.bold(name),
    ...(description === undefined ? [] : [oneLine(description)]),
    ...(rows.length > 0 ? ['', ...table(titles, rows, columns, c.dim)] : []),
    ...Object.entries(presets).flatMap(([preset, values], i) => [
      ...(i === 0 ? ['', c.bold('Presets')] : []),
      `  ${oneLine(preset)}  ${c.dim(oneLine(JSON.stringify(values)))}`,
    ]),
    '',
    c.bold(flow ? 'Flow' : 'Job'),
    ...manyLines(JSON.stringify(flow ?? job, null, 2)).map((line) => `  ${line}`),
  ];
  return lines.flatMap((line) => wrap(line, columns, 4));
}

function isNeeded({ required, default: value }: TemplateParameter): boolean {
  return required ?? value === undefined;
}

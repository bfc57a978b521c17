/**
 * Refuses types that nobody here can run.
 *
 * @module
 */
import { CliError } from '../errors';
import { EXIT } from '../exit-codes';
import { closest } from './closest';

/**
 * Checks that each type is known.
 * @throws CliError `UNKNOWN_TYPE`, with the nearest known type
 */
export function checkTypes(types: readonly string[], known: readonly string[]): void {
  const unknown = types.find((type) => !known.includes(type));
  if (unknown === undefined) return;
  const near = closest(unknown, known);
  throw new CliError(
    'UNKNOWN_TYPE',
    EXIT.usage,
    `No processor here runs jobs of type ${JSON.stringify(unknown)}; known types: ${known.join(', ')}.`,
    `${near === undefined ? '' : `Did you mean ${near}? `}--processors <file> loads your own; --any-type adds it for another program to run.`,
  );
}

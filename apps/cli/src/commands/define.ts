/** `leviathan define`, `undefine` and `definitions` @module */
import { DEFINITION_KINDS, type Definition, type DefinitionKind, type Json } from '@leviathan/core';
import { UsageError } from '../errors';
import { EXIT } from '../exit-codes';
import { readData } from '../parse/data';
import type { Session } from '../session';

/** Sets one definition: its value is JSON, `@file`, or `-` for standard input. */
export async function define(session: Session, kind: string, name: string, value: string): Promise<number> {
  const known = parseKind(kind);
  const parsed = await readData(value, () => session.readInput(), 'the value');
  const store = await session.store('write');
  await store.define([{ kind: known, name, value: parsed }], { by: 'cli' });
  session.out.note(`The ${known} ${name} is set.`);
  return EXIT.ok;
}

/** Removes one. */
export async function undefine(session: Session, kind: string, name: string): Promise<number> {
  const known = parseKind(kind);
  const store = await session.store('write');
  const there = (await store.definitions(known)).some((definition) => definition.name === name);
  if (!there) {
    const { DefinitionNotFoundError } = await import('@leviathan/core');
    throw new DefinitionNotFoundError(known, name);
  }
  await store.define([{ kind: known, name, value: null }], { by: 'cli' });
  session.out.note(`The ${known} ${name} is removed.`);
  return EXIT.ok;
}

/** Lists them: all, or of one kind. */
export async function definitions(session: Session, kind: string | undefined): Promise<number> {
  const store = await session.store('read');
  const found = await store.definitions(kind === undefined ? undefined : parseKind(kind));
  const { out } = session;
  if (out.json) await out.value(found);
  else if (found.length === 0) out.note('Nothing is defined.');
  else await out.lines(found.map(lineOf));
  return EXIT.ok;
}

function lineOf({ kind, name, value }: Definition<Json>): string {
  return `${kind}  ${name}  ${JSON.stringify(value)}`;
}

function parseKind(text: string): DefinitionKind {
  const kind = DEFINITION_KINDS.find((one) => one === text || `${one}s` === text);
  if (kind) return kind;
  throw new UsageError(
    `${JSON.stringify(text)} is no kind of definition.`,
    `There are ${DEFINITION_KINDS.join(', ')}.`,
  );
}

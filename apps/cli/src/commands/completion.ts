/** `leviathan completion` @module */
import { bashScript } from '../completion/bash';
import { fishScript } from '../completion/fish';
import { specOf } from '../completion/spec';
import { zshScript } from '../completion/zsh';
import { EXIT } from '../exit-codes';
import { oneOf } from '../parse/filter';
import { createProgram } from '../program/program';
import type { Session } from '../session';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export async function run(session: Session, shell: string): Promise<number> {
  const name = oneOf(shell, Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[], 'The shell');
  const spec = specOf(createProgram(session.io, () => {}));
  await session.out.lines(SCRIPTS[name](spec).trimEnd().split('\n'));
  return EXIT.ok;
}

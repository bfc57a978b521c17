/** `leviathan completion` @module */
import type { Command } from 'commander';
import { bashScript } from '../completion/bash';
import { fishScript } from '../completion/fish';
import { specOf } from '../completion/spec';
import { zshScript } from '../completion/zsh';
import { EXIT } from '../exit-codes';
import { oneOf } from '../parse/filter';
import type { Session } from '../session';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export async function run(session: Session, shell: string, program: Command): Promise<number> {
  const name = oneOf(shell, Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[], 'The shell');
  const spec = specOf(program);
  await session.out.lines(SCRIPTS[name](spec).trimEnd().split('\n'));
  return EXIT.ok;
}

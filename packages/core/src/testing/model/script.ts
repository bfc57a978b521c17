import type { Call } from './calls';

/** What was done, as a program that does it again. */
export class Script {
  readonly lines: string[] = [];
  readonly #names = new Map<string, string>();
  #claims = 0;
  #adds = 0;

  note(line: string): void {
    this.lines.push(line);
  }

  /** A call, as it would stand in a program. */
  call(store: string, { call, args }: Call, now: number): string {
    return `${store}.${call}(${args.map((arg) => this.show(arg, now)).join(', ')})`;
  }

  /** Notes a call before it is made. Returns what notes its answer, for those that come later and need what it made up. */
  begin(store: string, call: Call, now: number): (answer: unknown) => void {
    const made = this.call(store, call, now);
    const line = this.lines.push(`await ${made};`) - 1;
    return (answer) => {
      if (!Array.isArray(answer) || !['add', 'claim'].includes(call.call)) return;
      const name = call.call === 'claim' ? `claimed${++this.#claims}` : `added${++this.#adds}`;
      if (this.learn(name, answer)) this.lines[line] = `const ${name} = await ${made};`;
    };
  }

  /** Tokens and ids that the store made up are shown by where they stand. */
  learn(name: string, answer: unknown[]): boolean {
    const before = this.#names.size;
    for (const [n, one] of answer.entries()) {
      const { token, id } = Object(one) as { token?: string; id?: string };
      if (token !== undefined) this.#names.set(token, `${name}[${n}].token`);
      else if (id?.startsWith('job_')) this.#names.set(id, `${name}[${n}].id`);
    }
    return this.#names.size > before;
  }

  /** A value as it would stand in a program. */
  show(value: unknown, now: number, key = ''): string {
    if (typeof value === 'string') return this.#names.get(value) ?? textOf(value);
    if (typeof value === 'number' && TIMES.has(key))
      return `clock.now() ${value < now ? '-' : '+'} ${Math.abs(value - now)}`;
    if (Array.isArray(value)) return `[${value.map((part) => this.show(part, now)).join(', ')}]`;
    if (typeof value !== 'object' || value === null) return String(value);
    const fields = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => `${IDENTIFIER.test(name) ? name : `'${name}'`}: ${this.show(part, now, name)}`);
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
  }

  toString(): string {
    return this.lines.map((line) => `  ${line}`).join('\n');
  }
}

/** A long text of one letter is shown as such. */
function textOf(text: string): string {
  const [letter = ''] = text;
  if (text.length > 40 && text === letter.repeat(text.length)) return `'${letter}'.repeat(${text.length})`;
  return `'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'")}'`;
}

const TIMES = new Set(['runAt', 'expiresAt', 'createdAfter', 'createdBefore', 'updatedAfter', 'updatedBefore']);
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * Ids and names that an import gives. They are made of what they name, so that the same document, imported again, gives the same ones.
 *
 * @module
 */
import { v4 as uuid, v5 as uuidOf } from 'uuid';
import type { Json } from '../job';

/** Namespace of the UUIDs of version 5 (RFC 9562, section 5.5): random, chosen once. */
const NAMESPACE = '5d3f2b7e-08a4-4b52-9d0c-7b1f4f5e6a21';

/** Longest id or name, of which a suffix takes nine characters. */
const MAX_LENGTH = 128;

/** Another name for something that differs from what has its name already: the old one with a mark of the content. */
export function renamed(name: string, content: Json): string {
  const mark = uuidOf(JSON.stringify(content), NAMESPACE).slice(0, 8);
  return `${name.slice(0, MAX_LENGTH - mark.length - 1)}-${mark}`;
}

/** Ids of jobs that have none in the document: by their content, the second of the same content another one than the first. */
export class ContentIds {
  private readonly seen = new Map<string, number>();

  of(content: Json): string {
    const id = uuidOf(JSON.stringify(content), NAMESPACE);
    const before = this.seen.get(id) ?? 0;
    this.seen.set(id, before + 1);
    return before === 0 ? `import_${id}` : `import_${uuidOf(`${id}:${before}`, NAMESPACE)}`;
  }
}

/** New ids for all jobs of a document: the same one for the same old one, and others with the next import. */
export class FreshIds {
  private readonly salt = uuid();

  of(id: string): string {
    return `import_${uuidOf(`${this.salt}:${id}`, NAMESPACE)}`;
  }
}

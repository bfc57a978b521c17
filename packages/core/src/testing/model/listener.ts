import type { StoreEvent } from '../../store';

/** Keeps what it is told, and wakes who waits for it. */
export class Listener {
  readonly events: StoreEvent[] = [];
  readonly #waiting = new Set<() => void>();

  readonly take = (events: StoreEvent[]): void => {
    this.events.push(...events);
    for (const check of [...this.#waiting]) check();
  };

  /** True as soon as it is so, false when it is not for so many real milliseconds. */
  async until(isSo: () => boolean, patience: number): Promise<boolean> {
    if (isSo()) return true;
    return new Promise((resolve) => {
      const end = (so: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(so);
      };
      const check = (): void => {
        if (isSo()) end(true);
      };
      const timer = setTimeout(() => end(isSo()), patience);
      this.#waiting.add(check);
    });
  }
}

/** The answer, or an error when it does not come in time. */
export async function soon<T>(answer: Promise<T>, what: string, patience: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing came for ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An engine that reports an error in the background has not done its work as it should: the measuring process ends with it. */
export function reportError(error: unknown): void {
  setImmediate(() => {
    throw error instanceof Error ? error : new Error(String(error));
  });
}

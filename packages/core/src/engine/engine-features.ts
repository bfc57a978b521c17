/** What every store that is made of the engine can do. */
export const ENGINE_FEATURES = {
  reorder: true,
  dependencies: true,
  restore: true,
  textSearch: true,
  resumableEvents: true,
  definitions: true,
  rules: true,
  schedules: true,
} as const;

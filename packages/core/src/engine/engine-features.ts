/** What every store that is made of the engine can do. */
export const ENGINE_FEATURES = {
  reorder: true,
  dependencies: true,
  restore: true,
  expiry: true,
  ageing: true,
  deadLetters: true,
  crashPolicies: true,
  uniqueModes: true,
  textSearch: true,
  resumableEvents: true,
  definitions: true,
  rules: true,
  schedules: true,
  history: true,
} as const;

/** What a store can do, as far as it matters for what is drawn. */
export interface Powers {
  /** The clock is the test's. */
  time: boolean;
  second: boolean;
  reopen: boolean;
  crash: boolean;
  reorder: boolean;
  dependencies: boolean;
  expiry: boolean;
  crashPolicies: boolean;
  deadLetters: boolean;
  uniqueModes: boolean;
  audit: boolean;
  text: boolean;
  resume: boolean;
  /** Answers may be lost, so that a claim is made twice. */
  lossy: boolean;
}

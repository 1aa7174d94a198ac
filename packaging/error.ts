/** What whoever builds packages can correct, in one sentence; shown without a stack trace. */
export class BuildError extends Error {}

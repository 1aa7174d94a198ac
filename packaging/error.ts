/** An error that the builder of packages can correct, as one sentence. It is shown without a stack trace. */
export class BuildError extends Error {}

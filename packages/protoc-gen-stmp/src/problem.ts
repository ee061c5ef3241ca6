/** A fault in a `.proto`, or in how the generator was called. */
export interface Problem {
  /** The file as the user named it; absent when the fault is in no file. */
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
  /** What is wrong, and the mend. */
  readonly message: string;
}

/** `proto/room.proto:12: what is wrong` */
export function formatProblem({ file, line, message }: Problem): string {
  if (file === undefined) return message;
  return line === undefined || line < 1 ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}

/** Thrown by {@link generate}: everything that is wrong, so that one run shows it all. */
export class GenerateError extends Error {
  override readonly name: string = 'GenerateError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

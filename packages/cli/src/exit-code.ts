/** What the program ends with. */
export const ExitCode = {
  Done: 0,
  /** A fault that has no number of its own. */
  Failed: 1,
  /** A wrong call: options, `.proto` files, input that does not fit. Nothing was sent. */
  Usage: 2,
  /** No connection: nobody listens, refused, or lost. */
  NoConnection: 3,
  /** The server answered with a status other than Ok. */
  Status: 4,
  /** No answer in time. */
  Timeout: 5,
  /** Ctrl-C before the end. */
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** A fault whose exit code is known where it is found; the message says how to mend it. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const usage = (message: string): CliError => new CliError(ExitCode.Usage, message);

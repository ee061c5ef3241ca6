import { GenerateError } from '@stmp/protoc-gen-stmp';
import { isStmpError, Status, type StmpError, statusName } from 'stmp';
import { CliError, ExitCode } from './exit-code.js';

export interface Failure {
  readonly exitCode: ExitCode;
  /** One line or more for people. */
  readonly message: string;
}

/** What a fault means to whoever started the program. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return error;
  if (error instanceof GenerateError) return { exitCode: ExitCode.Usage, message: error.message };
  if (isStmpError(error)) return { exitCode: exitCodeOf(error), message: messageOf(error) };
  return { exitCode: ExitCode.Failed, message: error instanceof Error ? error.message : String(error) };
}

function exitCodeOf({ code, status, cause }: StmpError): ExitCode {
  switch (code) {
    case 'status':
      return ExitCode.Status;
    case 'call_timeout':
      return ExitCode.Timeout;
    case 'aborted':
      return ExitCode.Interrupted;
    case 'unsupported':
      return ExitCode.Usage;
    case 'dial_failed':
      return status === Status.BadRequest && cause instanceof TypeError ? ExitCode.Usage : ExitCode.NoConnection;
    case 'handshake_failed':
    case 'handshake_timeout':
    case 'connection_closed':
    case 'not_connected':
    case 'link_closed':
    case 'link_failed':
    case 'protocol_error':
      return ExitCode.NoConnection;
    default:
      return ExitCode.Failed;
  }
}

/** Codes of Node.js for a certificate that nobody vouches for. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/;

function messageOf(error: StmpError): string {
  const { status, message, cause } = error;
  if (UNTRUSTED.test(String((cause as { readonly code?: unknown } | undefined)?.code)))
    return `${message}; name the authority to trust with --ca`;
  if (status === undefined || error.origin !== 'peer') return message;
  const name = statusOf(status);
  return message === statusName(status) || message === '' ? name : `${name}: ${message}`;
}

/** `NotFound (0x22)` */
export function statusOf(status: number): string {
  const name = statusName(status);
  return name.startsWith('Unknown (') ? name : `${name} (0x${status.toString(16).padStart(2, '0')})`;
}

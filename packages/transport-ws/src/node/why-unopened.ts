/** `write EPROTO 80…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl3_record.c:350:` and a new line. */
const OPENSSL = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/;

/** Why a WebSocket could not be opened, in one line. */
export function whyUnopened(cause: Error & { readonly reason?: string; readonly code?: string }): string {
  const { reason, message, code } = cause;
  if (code?.startsWith('HPE_')) return `the server does not speak HTTP: ${reason ?? message}`;
  // The messages of OpenSSL are long; where its reason is not told apart, it is in them.
  const openssl = reason ?? OPENSSL.exec(message)?.[1];
  // Where each address of a name failed, there is no message.
  return openssl ?? (message || (code ?? cause.name));
}

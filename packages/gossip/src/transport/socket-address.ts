/** Addresses as text, `host:port` or `[ipv6]:port`, and as what sockets take. */
import { ClorthoError } from '@clortho/base';

/** A host and a port. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

const PATTERN = /^(?:\[([^\]]+)\]|([^\s:[\]]+)):(\d{1,5})$/;

/**
 * Returns the parts of an address; port 0 is allowed.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it has another form.
 */
export function parseAddress(text: string): SocketAddress {
  const [, ipv6, host, port] = PATTERN.exec(text) ?? [];
  const name = ipv6 ?? host;
  if (name === undefined || Number(port) > 65_535)
    throw new ClorthoError('CLORTHO_INVALID', `an address is host:port or [ipv6]:port: address=${text}`);
  return { host: name, port: Number(port) };
}

/** Returns an address as text. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Tells whether an address stands for all those of the machine: one can listen there, but nobody can send there. */
export function isEveryAddress(text: string): boolean {
  const { host } = parseAddress(text);
  return host === '0.0.0.0' || /^[0:]+$/.test(host);
}

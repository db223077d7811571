/**
 * Which registers the package uses: three folders below `lease/`.
 *
 *     lease/session/NAME            one per process
 *     lease/resource/RESOURCE       one per thing that can be leased
 *     lease/plan/GROUP/NAME         what the assigner of a group wants a session to hold
 */
import { ClorthoError, encodeUtf8 } from '@clortho/base';

/** All session registers begin with this. */
export const SESSION_PREFIX = 'lease/session/';
/** All resource registers begin with this. */
export const RESOURCE_PREFIX = 'lease/resource/';

const PLAN_PREFIX = 'lease/plan/';
/** Room in a key of 1,024 bytes for the folder, a group and a session. */
const NAME_BYTES_MAX = 256;
const RESOURCE_BYTES_MAX = 900;

/** Returns the register of a session. */
export function sessionKey(name: string): string {
  return SESSION_PREFIX + name;
}

/** Returns the register of a resource. */
export function resourceKey(resource: string): string {
  return RESOURCE_PREFIX + resource;
}

/** Returns where the plans of a group begin. */
export function planPrefix(group: string): string {
  return `${PLAN_PREFIX}${group}/`;
}

/** Returns `name` if a session can have it. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedName(name: string): string {
  return checked('name', name, NAME_BYTES_MAX);
}

/** Returns `group` if sessions can be one: its plans lie in a folder. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedGroup(group: string): string {
  if (!group.includes('/')) return checked('group', group, NAME_BYTES_MAX);
  throw new ClorthoError('CLORTHO_INVALID', `a group has no slash in its name: group=${group}`);
}

/** Returns `resource` if it can be leased. @throws {ClorthoError} `CLORTHO_INVALID`. */
export function checkedResource(resource: string): string {
  return checked('resource', resource, RESOURCE_BYTES_MAX);
}

function checked(what: string, text: string, bytesMax: number): string {
  const bytes = encodeUtf8(text).length;
  if (bytes >= 1 && bytes <= bytesMax) return text;
  throw new ClorthoError('CLORTHO_INVALID', `a ${what} has 1 to ${bytesMax} bytes: bytes=${bytes}`);
}

import type { Route } from '../../apps/messenger-proxy/src/routes/route-table';

/** A call that no table has, and what about it is not in the table. */
export interface OffTable {
  readonly what: string;
  readonly method: string;
  readonly path: string;
}

const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD'];
const VERSIONS = ['api/v1', 'r0', 'v1', 'v2', 'v3', 'v4', 'v99', 'unstable', 'unstable/org.example.msc1'];

/** Other APIs of homeservers, and what gematik leaves out of Matrix 1.11. */
export const OTHER_CALLS: readonly OffTable[] = [
  ['GET', '/'],
  ['GET', '/health'],
  ['GET', '/metrics'],
  ['GET', '/_synapse/admin/v1/server_version'],
  ['PUT', '/_synapse/admin/v2/users/@new:a.example'],
  ['POST', '/_synapse/admin/v1/register'],
  ['GET', '/_synapse/metrics'],
  ['GET', '/_synapse/client/password_reset'],
  ['POST', '/_synapse/replication/send/1'],
  ['PUT', '/_matrix/app/v1/transactions/1'],
  ['GET', '/_matrix/identity/v2/pubkey/isvalid'],
  ['GET', '/_matrix/client/v3/voip/turnServer'],
  ['GET', '/_matrix/client/v1/rooms/!r:b/threads'],
  ['GET', '/_matrix/client/v1/rooms/!r:b/timestamp_to_event'],
  ['GET', '/_matrix/client/v3/rooms/!r:b/initialSync'],
  ['POST', '/_matrix/client/v1/login/get_token'],
  ['POST', '/_matrix/media/v1/create'],
  ['PUT', '/_matrix/media/v3/upload/a.example/x'],
  ['GET', '/_matrix/media/v3/config'],
  ['GET', '/_matrix/media/v3/preview_url'],
  ['GET', '/_matrix/client/v1/media/preview_url'],
  ['PUT', '/_matrix/client/v3/createRoom/1'],
  ['PUT', '/_matrix/client/v3/rooms/!r:b/invite/1'],
  ['POST', '/_matrix/client/v3/rooms/!r:b/send/m.room.message'],
  ['POST', '/_matrix/client/unstable/org.matrix.msc3575/sync'],
  ['GET', '/_matrix/federation/v1/make_join'],
  ['GET', '/_matrix/federation/unstable/org.matrix.msc3266/summary/!r:b'],
  ['GET', '/_matrix/key/v1/server'],
].map(([method = '', path = '']) => ({ what: 'another API', method, path }));

/**
 * The calls beside one of a table that the table does not have: by method, version, and form of the path.
 * @param place its path with values for its parameters
 */
export function callsBeside({ method }: Route, place: string, table: readonly Route[]): OffTable[] {
  const places = table.map((route) => ({ method: route.method, pattern: patternOf(route.path) }));
  const isInTable = (call: OffTable): boolean =>
    places.some((each) => each.method === call.method && each.pattern.test(call.path));
  return [...byMethod(place), ...byVersion(method, place), ...byForm(method, place)].filter(
    (call) => !isInTable(call),
  );
}

function byMethod(path: string): OffTable[] {
  return METHODS.map((method) => ({ what: 'another method', method, path }));
}

function byVersion(method: string, place: string): OffTable[] {
  const version = /^\/_matrix\/(client|media)\/(v\d|r0)\//;
  if (!version.test(place)) return [];
  return VERSIONS.map((each) => ({
    what: 'another version',
    method,
    path: place.replace(version, (_whole, api: string) => `/_matrix/${api}/${each}/`),
  }));
}

/** Each of these is a call of the table to some reader: to one that decodes, tidies up, ignores case, or takes prefixes. */
function byForm(method: string, place: string): OffTable[] {
  const [first = '', ...rest] = place.split('/').slice(1);
  const behind = rest.join('/');
  return [
    `${place}/`,
    `${place}/x`,
    `${place}//`,
    `${place}/.`,
    `${place}/..`,
    `${place}/../x/..`,
    `${place}%00`,
    `${place}%2f`,
    `/x${place}`,
    `/${place}`,
    `/.${place}`,
    `/x/..${place}`,
    `/%2e${place}`,
    `/${first}//${behind}`,
    `/${first}/./${behind}`,
    `/${first}/x/../${behind}`,
    `/${first}/x/%2e%2e/${behind}`,
    `/${first}%2f${behind}`,
    `/${first}\\${behind}`,
    `/${first.toUpperCase()}/${behind}`,
    `/${first};x/${behind}`,
    `/%5f${first.slice(1)}/${behind}`,
    `/${first}/%63${behind.slice(1)}`,
    `/${first}/${behind.slice(0, -1)}%${behind.charCodeAt(behind.length - 1).toString(16)}`,
    `http://own.example${place}`,
    place.split('/').slice(0, -1).join('/'),
  ].map((path) => ({ what: 'another form', method, path }));
}

/** Not the product's own way of finding a route, which is what is tested. */
function patternOf(path: string): RegExp {
  const parts = path
    .split('/')
    .map((part) => (part.startsWith('{') ? '(?!\\.{1,2}(/|$))[^/?#\\\\]+' : escaped(part)));
  return new RegExp(`^${parts.join('/')}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

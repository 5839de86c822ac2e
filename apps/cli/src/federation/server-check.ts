import { clientFindings, supportFinding } from './client-files';
import { type Finding, type Outcome, type ServerReport, finding } from './finding';
import { type Answer, type HttpsGet, NoAnswer, type Place } from './https-get';
import { asObject, objectOf } from './json-object';
import { type FindSrv, findServer, partsOf } from './server-address';
import { keyFinding } from './server-keys';

const DAY_MS = 24 * 3_600_000;
/** `init` of Compose and cert-manager renew with 30 days left: with fewer than this, nobody did. */
const SOON_DAYS = 14;
/** A header `Date` tells whole seconds. */
const CLOCK_WARNS_MS = 5_000;
const CLOCK_FAILS_MS = 5 * 60_000;

const VERSION = '/_matrix/federation/v1/version';
const KEYS = '/_matrix/key/v2/server';
/** One that Synapse tells everybody, and one that it asks a token for. */
const ADMIN = ['/_synapse/admin/v1/server_version', '/_synapse/admin/v2/users?limit=1'];
/** What only Synapse itself says, to whom it has let through. */
const SYNAPSE_REFUSES = new Set(['M_MISSING_TOKEN', 'M_UNKNOWN_TOKEN', 'M_FORBIDDEN']);

/** What a check asks by. */
export interface Means {
  readonly https: HttpsGet;
  readonly findSrv: FindSrv;
  /** This machine's clock: milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Looks at the homeserver of a name as its partners do: where it is, who it shows itself to be, and what it lets through.
 * @throws Error for a text that is no server name
 */
export async function checkServer(serverName: string, means: Means): Promise<ServerReport> {
  const { https, findSrv } = means;
  const { place, findings } = await findServer(serverName, https, findSrv);
  const federation = await federationFindings(serverName, place, means);
  const { client, base } = await clientFiles(serverName, https);
  const admin = await adminFinding([place, ...(base ? [base] : [])], https);
  return { serverName, findings: [...findings, ...federation, ...client, admin] };
}

async function federationFindings(serverName: string, place: Place, means: Means): Promise<Finding[]> {
  const { https, now } = means;
  try {
    const version = await https.get(place, VERSION);
    const keys = await https.get(place, KEYS);
    return [
      certificateFinding(version.certificate, now()),
      versionFinding(version),
      keys.status === 200
        ? keyFinding(keys.body, serverName, now())
        : finding('keys', 'failed', `Status ${keys.status} at ${KEYS}.`),
      clockFinding(version, now() - Date.now()),
    ];
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return [finding(error.kind, 'failed', `${error.message}.`)];
  }
}

function certificateFinding({ issuer, validTo }: Answer['certificate'], now: number): Finding {
  const days = Math.floor((validTo.getTime() - now) / DAY_MS);
  const outcome: Outcome = days < SOON_DAYS ? 'warning' : 'ok';
  const until = validTo.toISOString().slice(0, 10);
  return finding('certificate', outcome, `Of “${issuer}”, until ${until}: ${days} days.`);
}

function versionFinding({ status, body }: Answer): Finding {
  const answer = objectOf(body);
  // A guard in front of it, such as a messenger proxy.
  if (
    (status === 401 && answer?.errcode === 'M_UNAUTHORIZED') ||
    (status === 403 && answer?.errcode === 'M_FORBIDDEN')
  )
    return finding('federation', 'ok', 'It answers homeservers of its federation alone.');
  const { name, version } = asObject(answer?.server) ?? {};
  if (status !== 200 || typeof name !== 'string')
    return finding('federation', 'failed', `Status ${status} at ${VERSION}, and no name of a server.`);
  return finding('federation', 'ok', typeof version === 'string' ? `${name} ${version}` : name);
}

/** @param ahead by how many milliseconds the clock to compare with is ahead of this process' own */
function clockFinding({ headers, at }: Answer, ahead: number): Finding {
  const told = Date.parse(headers.date ?? '');
  if (Number.isNaN(told)) return finding('clock', 'warning', 'It does not tell the time.');
  const off = told + 500 - (at + ahead);
  const size = Math.abs(off);
  const outcome: Outcome = size > CLOCK_FAILS_MS ? 'failed' : size > CLOCK_WARNS_MS ? 'warning' : 'ok';
  const way = off > 0 ? 'ahead of' : 'behind';
  const text = size <= 1_000 ? 'The same as here.' : `${Math.round(size / 1_000)} s ${way} this machine's.`;
  return finding('clock', outcome, text);
}

/** Of a name with a port or an address clients are told where to go: there are no files to look at. */
async function clientFiles(
  serverName: string,
  https: HttpsGet,
): Promise<{ readonly client: readonly Finding[]; readonly base?: Place }> {
  const parts = partsOf(serverName);
  if (!parts || parts.isAddress || parts.port !== undefined) {
    const skip = (check: string) => finding(check, 'not asked', 'The name has a port, or is an address.');
    return { client: [skip('well-known client'), skip('well-known support')] };
  }
  const { findings, base } = await clientFindings(parts.host, https);
  return { client: [...findings, await supportFinding(parts.host, https)], base };
}

async function adminFinding(places: readonly Place[], https: HttpsGet): Promise<Finding> {
  const asked = new Map(places.map((place) => [`${place.host}:${place.port}`, place]));
  let answers = 0;
  for (const [where, place] of asked) {
    for (const path of ADMIN) {
      const answer = await https.get(place, path, 'people').catch(() => undefined);
      if (answer) answers += 1;
      if (answer && isOfSynapse(answer))
        return finding('admin API', 'failed', `${where} lets everybody reach ${path.split('?')[0]}.`);
    }
  }
  if (answers === 0) return finding('admin API', 'not asked', 'Nobody answers.');
  return finding('admin API', 'ok', `Not to be reached at ${[...asked.keys()].join(' and ')}.`);
}

function isOfSynapse({ status, body }: Answer): boolean {
  const answer = objectOf(body);
  if (!answer) return false;
  return (status === 200 && 'server_version' in answer) || SYNAPSE_REFUSES.has(String(answer.errcode));
}

import { isIP } from 'node:net';
import { type Finding, finding } from './finding';
import { type HttpsGet, NoAnswer, type Place } from './https-get';
import { objectOf } from './json-object';

const FEDERATION_PORT = 8448;
const MOST_REDIRECTS = 5;

/** Looks for SRV records of a name, most wanted first; none: undefined. @throws Error when no name server answers */
export type FindSrv = (name: string) => Promise<{ readonly name: string; readonly port: number } | undefined>;

/** Where partners connect, and what was found on the way there. */
export interface FoundServer {
  readonly place: Place;
  readonly findings: readonly Finding[];
}

/** The parts of a server name. @returns undefined when it is none */
export function partsOf(
  text: string,
): { readonly host: string; readonly port?: number; readonly isAddress: boolean } | undefined {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return undefined;
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined;
  return { host, isAddress: isIP(host) !== 0, ...(port === undefined ? {} : { port: Number(port) }) };
}

/**
 * Finds the server of a name as partners do (Matrix specification, “Resolving server names”).
 * @throws Error for a text that is no server name
 */
export async function findServer(
  serverName: string,
  https: HttpsGet,
  findSrv: FindSrv,
): Promise<FoundServer> {
  const parts = partsOf(serverName);
  if (!parts)
    throw new Error(`${serverName} is no server name: write it as care.example or care.example:8448`);
  if (parts.isAddress || parts.port !== undefined) {
    const skipped = finding('well-known server', 'not asked', 'The name itself says where the server is.');
    return found(placeOf(serverName), 'as the name says', [skipped]);
  }
  const { delegated, told } = await wellKnownServer(parts.host, https);
  const name = delegated ?? serverName;
  const { port, isAddress } = partsOf(name) ?? parts;
  if (port !== undefined || isAddress) return found(placeOf(name), 'as the well-known file says', [told]);
  const { record, findings } = await srvOf(name, findSrv);
  const before = [told, ...findings];
  if (record) {
    const place = { host: record.name, port: record.port, certificateFor: name, hostHeader: name };
    return found(place, `as the SRV record of ${name} says`, before);
  }
  const why = delegated === undefined ? 'as nothing else is told' : 'as the well-known file says';
  return found(placeOf(name), why, before);
}

/** The place that a name with nothing else means. */
function placeOf(name: string): Place {
  const { host, port = FEDERATION_PORT } = partsOf(name) ?? { host: name };
  return { host, port, certificateFor: host, hostHeader: name };
}

function found(place: Place, why: string, before: readonly Finding[]): FoundServer {
  const address = finding('address', 'ok', `${place.host}:${place.port}, ${why}.`);
  return { place, findings: [...before, address] };
}

/** `m.server` of a host. A file that is there and wrong is a fault; none is none: what partners look at next counts. */
async function wellKnownServer(
  host: string,
  https: HttpsGet,
): Promise<{ readonly delegated?: string; readonly told: Finding }> {
  const tell = (outcome: Finding['outcome'], text: string) => finding('well-known server', outcome, text);
  try {
    let url = new URL(`https://${host}/.well-known/matrix/server`);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await https.get(webPlace(url), `${url.pathname}${url.search}`);
      const { location } = answer.headers;
      if (answer.status >= 300 && answer.status < 400 && location) {
        url = new URL(location, url);
        continue;
      }
      if (answer.status === 404) return { told: tell('ok', 'None: partners use SRV, or port 8448.') };
      const server = objectOf(answer.body)?.['m.server'];
      if (answer.status !== 200 || typeof server !== 'string' || !partsOf(server)) {
        return { told: tell('failed', `Status ${answer.status}, and no m.server that can be read.`) };
      }
      return { delegated: server, told: tell('ok', server) };
    }
    return { told: tell('failed', 'It leads from one place to another without end.') };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const outcome = error.kind === 'certificate' ? 'failed' : 'warning';
    return { told: tell(outcome, `None: ${error.message}.`) };
  }
}

/** Where a URL leads. */
export function webPlace({ hostname, port, host }: URL): Place {
  const plain = hostname.replace(/^\[|\]$/g, '');
  return { host: plain, port: Number(port || 443), certificateFor: plain, hostHeader: host };
}

async function srvOf(name: string, findSrv: FindSrv) {
  const findings: Finding[] = [];
  for (const service of ['_matrix-fed._tcp', '_matrix._tcp']) {
    try {
      const record = await findSrv(`${service}.${name}`);
      if (record) return { record, findings };
    } catch (error) {
      // Not “no such name”: a homeserver then waits, each time it looks.
      const text = `No answer about ${service}.${name}: ${(error as Error).message}.`;
      return { record: undefined, findings: [finding('SRV', 'warning', text)] };
    }
  }
  return { record: undefined, findings };
}

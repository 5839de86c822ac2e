import { type Finding, type Outcome, finding } from './finding';
import { type Answer, type HttpsGet, NoAnswer, type Place } from './https-get';
import { asObject, objectOf } from './json-object';
import { webPlace } from './server-address';

const CLIENT = 'well-known client';
const SUPPORT = 'well-known support';

/** Looks at the file that clients read, and at the homeserver that it names: `base`. */
export async function clientFindings(
  host: string,
  https: HttpsGet,
): Promise<{ readonly findings: readonly Finding[]; readonly base?: Place }> {
  const tell = (outcome: Outcome, text: string) => ({ findings: [finding(CLIENT, outcome, text)] });
  const answer = await fileOf(host, 'client', https);
  if (typeof answer === 'string') return tell('warning', answer);
  const url = asObject(objectOf(answer.body)?.['m.homeserver'])?.base_url;
  if (typeof url !== 'string' || !URL.canParse(url)) return tell('failed', 'It names no m.homeserver.');
  const { protocol } = new URL(url);
  if (protocol !== 'https:') return tell('failed', `${url} is not reached by TLS.`);
  const base = webPlace(new URL(url));
  if (answer.headers['access-control-allow-origin'] !== '*')
    return {
      ...tell('failed', 'Clients in a browser may not read it: no Access-Control-Allow-Origin.'),
      base,
    };
  const fault = await clientApiFault(new URL(url), base, https);
  return { ...(fault ? tell('failed', fault) : tell('ok', url)), base };
}

async function clientApiFault(url: URL, base: Place, https: HttpsGet): Promise<string | undefined> {
  const path = `${url.pathname.replace(/\/$/, '')}/_matrix/client/versions`;
  try {
    const { status, body } = await https.get(base, path, 'people');
    const isThere = status === 200 && Array.isArray(objectOf(body)?.versions);
    return isThere ? undefined : `${url.href} is no homeserver: status ${status}.`;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return `${error.message}.`;
  }
}

/** Looks whether somebody who has to tell of a problem finds whom to tell. */
export async function supportFinding(host: string, https: HttpsGet): Promise<Finding> {
  const answer = await fileOf(host, 'support', https);
  if (typeof answer === 'string') return finding(SUPPORT, 'warning', answer);
  const { contacts, support_page: page } = objectOf(answer.body) ?? {};
  const reachable = (Array.isArray(contacts) ? contacts : []).flatMap((each) => {
    const { matrix_id: id, email_address: email } = asObject(each) ?? {};
    const ways = [id, email].filter((way) => typeof way === 'string');
    return ways.length > 0 ? [ways.join(', ')] : [];
  });
  const ways = [...reachable, ...(typeof page === 'string' ? [page] : [])];
  return ways.length > 0
    ? finding(SUPPORT, 'ok', ways.join('; '))
    : finding(SUPPORT, 'failed', 'It names nobody who can be told.');
}

/** @returns the file, or why there is none */
async function fileOf(host: string, name: string, https: HttpsGet): Promise<Answer | string> {
  const url = new URL(`https://${host}/.well-known/matrix/${name}`);
  try {
    const answer = await https.get(webPlace(url), url.pathname, 'people');
    return answer.status === 200 ? answer : `None: status ${answer.status}.`;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return `None: ${error.message}.`;
  }
}

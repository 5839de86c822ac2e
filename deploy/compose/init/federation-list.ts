import { createPublicKey } from 'node:crypto';
import { makeListKey, signList } from '../../../apps/messenger-proxy/src/federation-list/sign-list';
import type { DataFolder } from './data-folder';
import type { FederationPlan } from './plan';
import type { Deed, PrepareOptions } from './prepare';

/** Whoever has it decides who belongs to the federation: like the authority's key, root's alone. */
const KEY = 'authority/list.key';
const PUBLIC_KEY = 'federation-list/list.pub';
const LIST = 'federation-list/list.jws';

const DAY_MS = 24 * 3_600_000;
const VALID_DAYS = 30;
/** Early: the list is renewed by whoever runs init, once a week. */
const RENEW_WHEN_LEFT_DAYS = 20;

/**
 * The list that the messenger proxies go by: of the organisations here and their peers, signed with an own key. Where
 * somebody else signs it, their public key takes the place of ours, and the list is left to them.
 * @returns the public key (PEM)
 * @throws Error where a list is needed that can neither be made nor is there
 */
export async function ensureFederationList(
  folder: DataFolder,
  plan: FederationPlan,
  options: PrepareOptions,
  deeds: Deed[],
): Promise<string> {
  const present = await folder.read(PUBLIC_KEY);
  const key = await ownKey(folder, present, deeds);
  if (key === undefined) {
    const list = await folder.read(LIST);
    const isNeeded = plan.organisations.some(({ messengerProxy }) => messengerProxy);
    if (list === undefined && isNeeded && plan.messengerProxies.list === undefined) {
      throw new Error(
        `${LIST} is missing, and ${KEY}, which signs it, is not here or another than ${PUBLIC_KEY}: ` +
          'bring it back, put the list there, or name its URL in PROXY_LIST',
      );
    }
    deeds.push({ path: LIST, outcome: 'of another authority' });
    return present ?? '';
  }
  const publicKey = publicOf(key);
  deeds.push({
    path: PUBLIC_KEY,
    outcome: await folder.ensure({ path: PUBLIC_KEY, content: publicKey, secret: false }),
  });
  deeds.push({ path: LIST, outcome: await ensureSigned(folder, plan, key, options) });
  return publicKey;
}

/** Our private key, made where there is none; undefined where the public key is of somebody else's. */
async function ownKey(
  folder: DataFolder,
  publicKey: string | undefined,
  deeds: Deed[],
): Promise<string | undefined> {
  const present = await folder.read(KEY);
  if (present === undefined && publicKey === undefined) {
    const { privateKey } = makeListKey();
    await folder.writeForRootOnly(KEY, privateKey);
    deeds.push({ path: KEY, outcome: 'made' });
    return privateKey;
  }
  const isOurs = publicKey === undefined || (present && publicOf(present) === normal(publicKey));
  return isOurs ? present : undefined;
}

async function ensureSigned(
  folder: DataFolder,
  { organisations, peers }: FederationPlan,
  key: string,
  { now, rewriteConfiguration }: PrepareOptions,
): Promise<Deed['outcome']> {
  const wanted = [...organisations.map(({ serverName }) => serverName), ...peers].sort();
  const text = await folder.read(LIST);
  const former = text === undefined ? undefined : contentOf(text);
  const daysLeft = ((former?.exp ?? 0) * 1_000 - now.getTime()) / DAY_MS;
  const differs = former !== undefined && JSON.stringify(former.domains) !== JSON.stringify(wanted);
  const isGood = daysLeft >= RENEW_WHEN_LEFT_DAYS;
  if (isGood && !differs) return 'kept';
  if (isGood && !rewriteConfiguration) return 'differs';
  // Who belongs to the federation is configuration, and changes when that is asked for: not because time is over.
  const domains = differs && !rewriteConfiguration ? former.domains : wanted;
  // A time as well: a list whose former one was lost has to count as newer all the same.
  const version = Math.max((former?.version ?? 0) + 1, Math.floor(now.getTime() / 1_000));
  const validUntil = new Date(now.getTime() + VALID_DAYS * DAY_MS);
  const content = `${await signList({ version, domains, validUntil }, key)}\n`;
  await folder.write({ path: LIST, content, secret: false });
  return text === undefined ? 'made' : 'renewed';
}

/** What a list of ours says; undefined where it cannot be read. */
function contentOf(jws: string): { version: number; exp: number; domains: string[] } | undefined {
  try {
    const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { version, exp, domainList } = JSON.parse(payload) as {
      version: number;
      exp: number;
      domainList: { domain: string }[];
    };
    return { version, exp, domains: domainList.map(({ domain }) => domain).sort() };
  } catch {
    return undefined;
  }
}

function publicOf(privateKeyPem: string): string {
  return createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
}

function normal(publicKeyPem: string): string {
  return createPublicKey(publicKeyPem).export({ type: 'spki', format: 'pem' }).toString();
}

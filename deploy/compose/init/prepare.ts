import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateState, createAuthority, issueCertificate } from './authority';
import type { DataFolder, Outcome } from './data-folder';
import { ensureFederationList } from './federation-list';
import { ensureOutboundAuthority } from './outbound-authority';
import type { FederationPlan, OrganisationPlan, RenderedFile } from './plan';
import { type MessengerProxyCredentials, messengerProxyFiles } from './render/messenger-proxy';
import { hostOf } from './render/nginx';
import { renderFederation, renderOrganisation } from './render/organisation';
import { organisationSecrets, sharedSecrets } from './secrets';

const AUTHORITY_KEY = 'authority/ca.key';
const AUTHORITY = 'trust/ca.crt';

/** Folders that the containers of an organisation keep their data in. */
const STATES = ['synapse', 'synapse-db', 'bridge-db', 'fhir-db', 'nats', 'mautrix-db'];
const SHARED_STATES = ['prometheus', 'grafana'];

/** One thing that was looked at, and what became of it. */
export interface Deed {
  readonly path: string;
  readonly outcome: Outcome | 'renewed' | 'of another authority';
}

export interface PrepareOptions {
  /** Makes new certificates for those that are not due as well. */
  readonly renewCertificates: boolean;
  /** Writes configuration anew where settings have changed since it was written. */
  readonly rewriteConfiguration: boolean;
  readonly now: Date;
}

/**
 * Makes what is not there yet: secrets, the authority and certificates, configuration, folders. Nothing that is there is
 * overwritten but certificates and a federation list that are due. To be run as often as one likes.
 */
export async function prepare(
  folder: DataFolder,
  federation: FederationPlan,
  options: PrepareOptions,
): Promise<Deed[]> {
  const deeds: Deed[] = [];
  const authority = await ensureAuthority(folder, options.now, deeds);
  const plan = { ...federation, authorities: await trusted(folder) };

  const listKey = await ensureFederationList(folder, plan, options, deeds);
  const trust = await contentsOf(folder, plan.authorities);

  const shared = sharedSecrets(await reader(folder, 'shared/secrets'));
  const files = [...renderFederation(plan, shared)];
  for (const organisation of plan.organisations) {
    const secrets = organisationSecrets(await reader(folder, `${organisation.name}/secrets`));
    files.push(...renderOrganisation(organisation, plan, secrets));
    const outbound = await ensureOutboundAuthority(folder, organisation, options, deeds);
    files.push(
      ...(await proxyFiles(folder, organisation, plan, {
        outbound,
        listKey,
        trust,
        natsPassword: secrets.nats_password,
      })),
    );
    await ensureCertificate(folder, organisation, authority, options, deeds);
  }
  for (const file of files) {
    deeds.push({
      path: file.path,
      outcome: await folder.ensure(file, { rewrite: options.rewriteConfiguration }),
    });
  }
  await ensureStates(folder, plan, deeds);
  return deeds;
}

async function proxyFiles(
  folder: DataFolder,
  organisation: OrganisationPlan,
  plan: FederationPlan,
  credentials: Omit<MessengerProxyCredentials, 'adminToken'>,
): Promise<RenderedFile[]> {
  const token = await folder.read(`${organisation.name}/secrets/proxy_admin_token`);
  const adminToken = token?.trim() || undefined;
  return messengerProxyFiles(organisation, plan, { ...credentials, adminToken });
}

/** The authorities of the folder `trust`, one after the other. */
async function contentsOf(folder: DataFolder, names: readonly string[]): Promise<string> {
  const texts = await Promise.all(names.map((name) => folder.read(`trust/${name}`)));
  return texts.map((text = '') => `${text.trim()}\n`).join('');
}

/** The authority; without its key where somebody has taken it away, as they should. */
interface Authority {
  readonly certificatePem: string;
  readonly privateKeyPem: string | undefined;
}

async function ensureAuthority(folder: DataFolder, now: Date, deeds: Deed[]): Promise<Authority> {
  const certificatePem = await folder.read(AUTHORITY);
  const privateKeyPem = await folder.read(AUTHORITY_KEY);
  if (certificatePem !== undefined) return { certificatePem, privateKeyPem };
  if (privateKeyPem !== undefined) {
    throw new Error(
      `${AUTHORITY} is missing and its key is there: put it back, or remove ${AUTHORITY_KEY} and have all partners trust a new one`,
    );
  }
  const made = await createAuthority(now);
  // The key first: a certificate alone looks like one whose key was taken away.
  await folder.writeForRootOnly(AUTHORITY_KEY, made.privateKeyPem);
  await folder.ensure({ path: AUTHORITY, content: made.certificatePem, secret: false });
  deeds.push({ path: AUTHORITY_KEY, outcome: 'made' }, { path: AUTHORITY, outcome: 'made' });
  return made;
}

async function ensureCertificate(
  folder: DataFolder,
  { name, serverName }: OrganisationPlan,
  { certificatePem, privateKeyPem }: Authority,
  { renewCertificates, now }: PrepareOptions,
  deeds: Deed[],
): Promise<void> {
  const host = hostOf(serverName);
  const path = `${name}/secrets/tls.crt`;
  const present = await folder.read(path);
  const hasKey = (await folder.read(`${name}/secrets/tls.key`)) !== undefined;
  const state = present && hasKey ? certificateState(present, certificatePem, host, now) : 'due';
  if (state === 'of another authority' || (state === 'good' && !renewCertificates)) {
    deeds.push({ path, outcome: state === 'good' ? 'kept' : state });
    return;
  }
  if (privateKeyPem === undefined) {
    throw new Error(`${AUTHORITY_KEY} is not here, and ${path} has to be signed: bring it back for that`);
  }
  const issued = await issueCertificate({ certificatePem, privateKeyPem }, host, now);
  await folder.write({ path: `${name}/secrets/tls.key`, content: issued.privateKeyPem, secret: true });
  await folder.write({ path, content: issued.certificatePem, secret: true });
  deeds.push({ path, outcome: present ? 'renewed' : 'made' });
}

/** The authorities in the folder `trust`: our own first, and those of partners that somebody has put there. */
async function trusted({ root }: DataFolder): Promise<string[]> {
  const names = (await readdir(join(root, 'trust'))).filter((name) => /\.(crt|pem)$/.test(name));
  return ['ca.crt', ...names.filter((name) => name !== 'ca.crt').sort()];
}

async function reader(folder: DataFolder, path: string): Promise<(name: string) => string | undefined> {
  const names = await readdir(join(folder.root, path)).catch(() => [] as string[]);
  const entries = await Promise.all(
    names.map(async (name) => [name, await folder.read(`${path}/${name}`)] as const),
  );
  const contents = new Map(entries);
  return (name) => contents.get(name);
}

async function ensureStates(folder: DataFolder, plan: FederationPlan, deeds: Deed[]): Promise<void> {
  const paths = [
    ...plan.organisations.flatMap(({ name }) => STATES.map((state) => `${name}/state/${state}`)),
    ...SHARED_STATES.map((state) => `shared/state/${state}`),
  ];
  for (const path of paths) {
    deeds.push({ path, outcome: (await folder.ensureState(path)) ? 'made' : 'kept' });
  }
}

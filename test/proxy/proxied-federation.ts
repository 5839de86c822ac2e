import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '@bridge/certificates';
import { loadConfig } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { messengerProxySections } from '../../apps/messenger-proxy/src/app.module';
import { makeListKey, signList } from '../../apps/messenger-proxy/src/federation-list/sign-list';
import { startMessengerProxy } from '../../apps/messenger-proxy/src/start-messenger-proxy';
import { createCertificateAuthority } from '../../deploy/local/src/certificate-authority';
import { freePorts } from '../../deploy/local/src/free-port';
import type { RegisteredUser } from '../../deploy/local/src/register-user';
import { type Homeserver, prepareHomeserver, serverNameOf } from '../../deploy/local/src/synapse';

/** Those in the list, each behind a proxy of its own, and one outside of it, without a proxy. */
const MEMBERS = ['apotheek', 'huisarts', 'vvt'] as const;
export type Member = (typeof MEMBERS)[number];
export const STRANGER = 'stranger';

/** A homeserver, its proxy, and somebody who has an account there. */
export interface Party {
  readonly homeserver: Homeserver;
  readonly serverName: string;
  /** Where clients and other homeservers reach it: the proxy, where there is one. */
  readonly publicUrl: string;
  readonly person: RegisteredUser;
  readonly proxy?: NestFastifyApplication;
}

/** Homeservers of which three are in a federation list. Nothing but their proxies keeps them from talking to the fourth. */
export interface ProxiedFederation {
  readonly parties: Readonly<Record<Member | typeof STRANGER, Party>>;
  /** The authority of all certificates (PEM). */
  readonly authorityPem: string;
  /** The authority of the certificates that the proxies show to their own homeservers (PEM). */
  readonly outboundAuthorityPem: string;
  /** Signs a list of these servers and puts it where the proxies look. */
  publishList(version: number, serverNames: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings of all proxies, as environment variables */
export async function startProxiedFederation(
  settings: Readonly<Record<string, string>> = {},
): Promise<ProxiedFederation> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-proxy-'));
  const authority = await createCertificateAuthority();
  const outbound = await makeAuthority('Outbound proxy', { now: new Date(), days: 2 });
  const keys = makeListKey();
  const listFile = join(directory, 'list.jws');
  const publishList = async (version: number, domains: readonly string[]): Promise<void> => {
    const validUntil = new Date(Date.now() + 24 * 3_600_000);
    await writeFile(listFile, await signList({ version, domains, validUntil }, keys.privateKey));
  };
  const ports = await freePorts(12);
  const nextPort = (): number => ports.pop()!;
  const places = [...MEMBERS, STRANGER].map((name) => ({
    name,
    clientPort: nextPort(),
    federationPort: nextPort(),
    outboundPort: nextPort(),
  }));
  const serverNames = places.map(({ federationPort }) => serverNameOf(federationPort));
  await publishList(1, serverNames.slice(0, MEMBERS.length));

  const running: { stop(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const entries = await Promise.all(
      places.map(
        async ({ name, clientPort, federationPort, outboundPort }, index): Promise<[string, Party]> => {
          const isMember = name !== STRANGER;
          const homeserver = await prepareHomeserver({
            organisation: name,
            clientPort,
            federationPort,
            authority,
            registrations: [],
            env: isMember ? { https_proxy: `http://127.0.0.1:${outboundPort}` } : {},
            ...(isMember && { behindProxy: { authorityPem: outbound.certificatePem } }),
            directory: join(directory, name),
            logFile: join(directory, `${name}.log`),
          });
          running.push({ stop: () => homeserver.process.stop() });
          await homeserver.process.start();
          const person = await homeserver.registerUser('person', 'a password of some length');
          const serverName = serverNames[index]!;
          if (!isMember) return [name, { homeserver, serverName, publicUrl: homeserver.clientUrl, person }];
          const admin = await homeserver.registerAdmin('admin', 'a password of some length');
          const certificate = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
          const config = loadConfig(messengerProxySections, {
            HTTP_HOST: '127.0.0.1',
            HTTP_PORT: '0',
            LOG_LEVEL: 'fatal',
            DATABASE_URL: process.env.TEST_DATABASE_URL,
            MATRIX_SERVER_NAME: serverName,
            PROXY_HOMESERVER_URL: homeserver.clientUrl,
            PROXY_INBOUND_PORT: String(federationPort),
            PROXY_INBOUND_CERTIFICATE: certificate.certificatePem,
            PROXY_INBOUND_KEY: certificate.privateKeyPem,
            PROXY_OUTBOUND_PORT: String(outboundPort),
            PROXY_OUTBOUND: 'intercept',
            PROXY_OUTBOUND_CA_CERTIFICATE: outbound.certificatePem,
            PROXY_OUTBOUND_CA_KEY: outbound.privateKeyPem,
            PROXY_OUTBOUND_TRUST: authority.certificatePem,
            PROXY_OUTBOUND_NETWORKS: '127.0.0.0/8,::1',
            PROXY_LIST: listFile,
            PROXY_LIST_KEY: keys.publicKey,
            PROXY_LIST_INTERVAL_MS: '1000',
            PROXY_ADMIN_TOKEN: admin.accessToken,
            ...settings,
          });
          const proxy = await startMessengerProxy(config);
          running.push({ stop: () => proxy.close() });
          return [
            name,
            { homeserver, serverName, publicUrl: `https://localhost:${federationPort}`, person, proxy },
          ];
        },
      ),
    );
    const parties = Object.fromEntries(entries) as ProxiedFederation['parties'];
    return {
      parties,
      authorityPem: authority.certificatePem,
      outboundAuthorityPem: outbound.certificatePem,
      publishList,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '@bridge/certificates';
import { loadConfig } from '@bridge/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { messengerProxySections } from '../../apps/messenger-proxy/src/app.module';
import { startMessengerProxy } from '../../apps/messenger-proxy/src/start-messenger-proxy';
import { createCertificateAuthority } from '../../deploy/local/src/certificate-authority';
import { freePorts } from '../../deploy/local/src/free-port';
import type { RegisteredUser } from '../../deploy/local/src/register-user';
import { type Homeserver, prepareHomeserver } from '../../deploy/local/src/synapse';

/** One homeserver that only its proxy stands before; others come to it in the tests' imagination only. */
export interface ProxiedHomeserver {
  readonly homeserver: Homeserver;
  readonly admin: RegisteredUser;
  /** Where clients and other homeservers reach it: the proxy. */
  readonly publicUrl: string;
  /** The proxy's own port, for its metrics. */
  proxyUrl(): Promise<string>;
  /** Ends the proxy and starts another one in its place. */
  restartProxy(): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings of the proxy, as environment variables */
export async function startProxiedHomeserver(
  settings: Readonly<Record<string, string>>,
): Promise<ProxiedHomeserver> {
  const directory = await mkdtemp(join(tmpdir(), 'bridge-proxy-'));
  const [clientPort = 0, inboundPort = 0] = await freePorts(2);
  const outbound = await makeAuthority('Outbound proxy', { now: new Date(), days: 2 });
  const homeserver = await prepareHomeserver({
    organisation: 'vvt',
    clientPort,
    federationPort: inboundPort,
    authority: await createCertificateAuthority(),
    registrations: [],
    env: {},
    behindProxy: { authorityPem: outbound.certificatePem },
    directory: join(directory, 'vvt'),
    logFile: join(directory, 'vvt.log'),
  });
  let proxy: NestFastifyApplication | undefined;
  const stop = async (): Promise<void> => {
    await proxy?.close();
    await homeserver.process.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await homeserver.process.start();
    const admin = await homeserver.registerAdmin('admin', 'a password of some length');
    const config = loadConfig(messengerProxySections, {
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      LOG_LEVEL: 'fatal',
      DATABASE_URL: process.env.TEST_DATABASE_URL,
      MATRIX_SERVER_NAME: homeserver.serverName,
      PROXY_HOMESERVER_URL: homeserver.clientUrl,
      PROXY_INBOUND_PORT: String(inboundPort),
      PROXY_OUTBOUND: 'off',
      PROXY_ADMIN_TOKEN: admin.accessToken,
      ...settings,
    });
    proxy = await startMessengerProxy(config);
    return {
      homeserver,
      admin,
      publicUrl: `http://127.0.0.1:${inboundPort}`,
      proxyUrl: () => proxy!.getUrl(),
      restartProxy: async () => {
        await proxy?.close();
        proxy = await startMessengerProxy(config);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

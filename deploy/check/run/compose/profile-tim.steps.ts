import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextStep as step } from '../../../../test/support/step';
import type { Organisation } from '../../../local/src/federation';
import { ClientCalls } from '../client-calls';
import type { MessengerProxyAccess } from '../messenger-proxy';
import type { Conversation } from '../scenario';
import type { ComposeProject } from './project';
import { STRANGER } from './reverse-proxy.steps';

/** The one messenger proxy of the run. */
export const GUARD = 'vvt-messenger-proxy';

/** What the steps before have made. */
interface Stage {
  readonly project: () => ComposeProject;
  readonly conversation: () => Conversation;
  readonly guard: () => MessengerProxyAccess;
  /** A session of the first administrator of vvt, as a header. */
  readonly administrator: () => Promise<{ authorization: string }>;
}

/** Turns the profile tim on for vvt, as docs/operations/messenger-proxy.md says it, and uses what it adds. */
export function profileTimSteps({ project, conversation, guard, administrator }: Stage): void {
  const people = () => conversation().people;

  describe('the profile tim of vvt', () => {
    const url = 'https://vvt:8448';
    const client = () => new ClientCalls(url, people().nurse.matrix.account);
    const init = () => project().run('init', '--rewrite-configuration');

    step('is refused by init until there is an administrator’s token', async () => {
      project().configure({ PROXY_PROFILE: 'tim' });
      await expect(init()).rejects.toThrow('vvt/secrets/proxy_admin_token is missing');
      const { authorization } = await administrator();
      const file = join(project().data, 'vvt/secrets/proxy_admin_token');
      writeFileSync(file, authorization.slice('Bearer '.length), { mode: 0o600 });
      const told = await init();
      for (const path of ['vvt/secrets/messenger-proxy.yaml', 'proxy/servers/vvt.conf'])
        expect(told).toContain(`${path}: rewritten`);
    });

    step('is there when the messenger proxy and nginx are started anew', async () => {
      for (const name of [GUARD, 'proxy']) expect([name, await project().restart(name)]).toEqual([name, 0]);
      expect(await guard().ready()).toMatchObject({ ready: true });
      const versions = async (name: Organisation): Promise<string[]> => {
        const response = await fetch(`https://${name}:8448/_matrix/client/versions`);
        return ((await response.json()) as { versions: string[] }).versions;
      };
      expect((await versions('vvt')).at(-1)).toBe('v1.11');
      expect(await versions('huisarts')).toContain('v1.12');
      expect(await client().call('GET', '/_matrix/client/unstable/org.example/whoami')).toMatchObject({
        status: 404,
        body: { errcode: 'M_UNRECOGNIZED' },
      });
    });

    step('has people keep their contacts, each their own', async () => {
      const { gp, nurse } = people();
      const path = '/tim-contact-mgmt/contacts';
      const settings = { inviteSettings: { start: Math.floor(Date.now() / 1_000) } };
      const contact = { displayName: gp.name, mxid: gp.matrix.userId, ...settings };
      expect(await client().sideCall('POST', path, contact)).toEqual({ status: 200, body: contact });
      const one = `${path}/${encodeURIComponent(gp.matrix.userId)}`;
      expect(await client().sideCall('GET', one)).toEqual({ status: 200, body: contact });
      expect(await client().sideCall('GET', path)).toEqual({ status: 200, body: { contacts: [contact] } });
      expect((await client().sideCall('GET', path, undefined, gp.matrix.userId)).status).toBe(401);
      expect((await client().call('GET', path, undefined, { mxid: nurse.matrix.userId })).status).toBe(401);
      expect((await client().sideCall('DELETE', one)).status).toBe(204);
      expect((await client().sideCall('GET', one)).status).toBe(404);
    });

    step('tells people about homeservers of the list', async () => {
      const asked = (name: string) => `/tim-information/v1/server/isInsurance?serverName=${name}`;
      expect(await client().sideCall('GET', asked('huisarts'))).toEqual({
        status: 200,
        body: { isInsurance: false },
      });
      expect((await client().sideCall('GET', asked(STRANGER))).status).toBe(404);
      expect((await client().call('GET', asked('huisarts'))).status).toBe(401);
    });

    step('is shown by nginx where it is meant to be, and health and metrics nowhere', async () => {
      const status = async (address: string) => (await fetch(address)).status;
      for (const path of ['/tim-contact-mgmt/', '/tim-information/']) {
        expect(await status(`${url}${path}`)).toBe(200);
        expect(await status(`https://huisarts:8448${path}`)).toBe(404);
      }
      for (const path of ['/metrics', '/ready', '/live']) expect(await status(`${url}${path}`)).toBe(404);
    });

    step('lets nobody invite somebody who does not want it, which it reads with that token', async () => {
      const { gp, nurse } = people();
      const user = encodeURIComponent(nurse.matrix.userId);
      const path = `/_matrix/client/v3/user/${user}/account_data/de.gematik.tim.account.permissionconfig.pro.v1`;
      const permit = async (userExceptions: object): Promise<void> => {
        const content = { defaultSetting: 'block all', userExceptions };
        expect(await client().call('PUT', path, content)).toMatchObject({ status: 200 });
      };
      const roomId = await gp.matrix.createRoom([]);
      await permit({});
      await expect(gp.matrix.invite(roomId, nurse.matrix.userId)).rejects.toThrow('M_FORBIDDEN');
      await permit({ [gp.matrix.userId]: {} });
      await gp.matrix.invite(roomId, nurse.matrix.userId);
      await nurse.matrix.accept(roomId);
    });

    step('goes on with what was there, and leaves everything healthy', async () => {
      await conversation().say('gp', 'Said to people behind the profile tim.');
      await conversation().say('nurse', 'Said by people behind it.');
      const seen = await conversation().writeOnly('Written for people elsewhere.');
      await seen();
      expect(await conversation().compare()).toEqual({ lost: [], duplicated: [], disordered: [] });
      expect(await project().problems()).toEqual({});
    });
  });
}

import { TestServer } from '../server/test-server';
import { supportOf } from './support-contacts';

const contacts = [{ role: 'm.role.security', matrix_id: '@help:own.example' }];
let service: TestServer;
beforeAll(async () => (service = await TestServer.start()));
beforeEach(() => {
  service.says = { body: JSON.stringify({ contacts, support_page: 'https://help.example' }) };
  service.seen.length = 0;
});
afterAll(() => service.stop());

const ofService = (serverName = 'vvt.example:8448') =>
  supportOf({ registrationUrl: service.url }, serverName);

describe('support contacts', () => {
  it('are none where nothing is set', async () => {
    expect(await supportOf({}, 'own.example')()).toBeUndefined();
  });

  it('are those of the settings, before any other', async () => {
    const settings = { supportEmail: 'help@own.example', supportPage: 'https://own.example/help' };
    expect(await supportOf({ ...settings, registrationUrl: service.url }, 'own.example')()).toEqual({
      contacts: [{ role: 'm.role.admin', email_address: 'help@own.example' }],
      support_page: 'https://own.example/help',
    });
    expect(await supportOf({ supportPage: 'https://own.example/help' }, 'own.example')()).toEqual({
      support_page: 'https://own.example/help',
    });
    expect(service.seen).toEqual([]);
  });

  it('come from the registration service, by the first label of the server name', async () => {
    expect(await ofService()()).toEqual({ contacts, support_page: 'https://help.example' });
    expect(service.seen.map(({ target }) => target)).toEqual(['/backend/well-known-support/vvt']);
  });

  it('are asked for once for all who want to know now', async () => {
    const find = ofService();
    await Promise.all([find(), find()]);
    await find();
    expect(service.seen).toHaveLength(1);
  });

  it('that the service does not know are an empty list', async () => {
    service.says = { status: 404 };
    expect(await ofService()()).toEqual({ contacts: [] });
  });

  it.each([
    ['an error', { status: 500 }],
    ['no JSON', { body: '<html>' }],
    ['a contact that nobody can reach', { body: '{"contacts":[{"role":"m.role.admin"}]}' }],
  ])('are not known now where the service answers with %s, and are asked for again', async (_what, says) => {
    const find = ofService();
    service.says = says;
    await expect(find()).rejects.toMatchObject({ failureClass: 'proxy-registration' });
    service.says = { body: '{"support_page":"https://help.example"}' };
    expect(await find()).toEqual({ support_page: 'https://help.example' });
  });
});

import {
  type RegistrationContent,
  type RegistrationService,
  startRegistrationService,
} from './registration-service';

const jws = (version: number) =>
  ['{"alg":"ES256"}', JSON.stringify({ version }), 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

let content: RegistrationContent;
let service: RegistrationService;

beforeAll(async () => {
  service = await startRegistrationService(() => content);
});
beforeEach(() => {
  content = {
    list: jws(3),
    invites: [['@a:partner.example', '@b:own.example']],
    support: { own: { support_page: 'https://help.example' } },
  };
});
afterAll(() => service.close());

const get = (path: string) => fetch(`${service.url}${path}`);
const mayInvite = (invitingUser: string, invitedUser: string) =>
  fetch(`${service.url}/backend/vzd/invite`, {
    method: 'POST',
    body: JSON.stringify({ invitingUser, invitedUser }),
  }).then(({ status }) => status);

describe('the stand-in for a registration service', () => {
  it('gives out the list, and nothing to whoever has it', async () => {
    const fresh = await get('/backend/federation');
    expect([fresh.status, await fresh.text()]).toEqual([200, jws(3)]);
    expect((await get('/backend/federation?version=2')).status).toBe(200);
    expect((await get('/backend/federation?version=3')).status).toBe(304);
    content = { ...content, list: undefined };
    expect((await get('/backend/federation')).status).toBe(404);
  });

  it('says who may invite whom, one way only', async () => {
    expect(await mayInvite('matrix:u/a:partner.example', 'matrix:u/b:own.example')).toBe(200);
    expect(await mayInvite('matrix:u/b:own.example', 'matrix:u/a:partner.example')).toBe(403);
    expect(await mayInvite('@a:partner.example', '@b:own.example')).toBe(403);
  });

  it('knows support contacts by name', async () => {
    const known = await get('/backend/well-known-support/own');
    expect(await known.json()).toEqual({ support_page: 'https://help.example' });
    for (const name of ['other', 'constructor']) {
      expect((await get(`/backend/well-known-support/${name}`)).status).toBe(404);
    }
  });

  it('has nothing else, and outlives what it cannot read', async () => {
    expect((await get('/backend/other')).status).toBe(404);
    const broken = await fetch(`${service.url}/backend/vzd/invite`, { method: 'POST', body: '{' });
    expect(broken.status).toBe(500);
    expect((await get('/backend/federation')).status).toBe(200);
  });
});

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

/*
 * An organisation's identity provider, with one client: its homeserver. Whoever gives a name is let in. A program by
 * itself, as the library is an ES module.
 */

const { PORT, CERTIFICATE, PRIVATE_KEY, REDIRECT_URI, CLIENT_SECRET } = process.env;

const provider = new Provider(`https://localhost:${PORT}`, {
  clients: [{ client_id: 'synapse', client_secret: CLIENT_SECRET, redirect_uris: [REDIRECT_URI] }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  // As most providers of organisations have it: the token itself tells who it is.
  conformIdTokenClaims: false,
  findAccount: (_context, name) => ({
    accountId: name,
    claims: () => ({ sub: `subject of ${name}`, preferred_username: name, name: `Known as ${name}` }),
  }),
});

createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(PRIVATE_KEY) }, provider.callback()).listen(
  Number(PORT),
  '127.0.0.1',
);

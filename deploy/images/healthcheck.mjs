// Asks a server whether it is there: exit status 0 when it answers with 2xx, 1 when it does not. Plain Node, so that an
// image needs no shell and no other program for it.
//   node healthcheck.mjs [--wait=<seconds>] [<url>]      by default /live of the process in this container
import http from 'node:http';
import https from 'node:https';

const TIMEOUT_MS = 4_000;
const PAUSE_MS = 2_000;

const args = process.argv.slice(2);
const waitSeconds = Number(args.find((each) => each.startsWith('--wait='))?.slice('--wait='.length) ?? 0);
const url = new URL(args.find((each) => !each.startsWith('--')) ?? ownUrl());

const deadline = Date.now() + waitSeconds * 1_000;
let failure = await ask(url);
while (failure && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  failure = await ask(url);
}
if (failure) {
  console.error(`${url.href}: ${failure}`);
  process.exitCode = 1;
}

/** fhir-ingress may end TLS itself, and its health then is behind TLS as well. */
function ownUrl() {
  const env = process.env;
  const tls = env.FHIR_NOTIFICATION_TLS_CERTIFICATE || env.FHIR_NOTIFICATION_TLS_CERTIFICATE_FILE;
  return `${tls ? 'https' : 'http'}://127.0.0.1:${env.HTTP_PORT || 8080}/live`;
}

/** @returns what is wrong, or undefined */
function ask(address) {
  const client = address.protocol === 'https:' ? https : http;
  // On the loopback interface the certificate, which names the outside, tells nothing.
  const options = { timeout: TIMEOUT_MS, agent: false, rejectUnauthorized: address.hostname !== '127.0.0.1' };
  return new Promise((resolve) => {
    const request = client.get(address, options, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 300 ? undefined : `status ${statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', (error) => resolve(error.message));
  });
}

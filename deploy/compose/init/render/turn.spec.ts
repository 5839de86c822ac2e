import { threeOrganisations } from '../../../check/compose/three-organisations';
import { sharedSecrets } from '../secrets';
import { readSettings, type Settings } from '../settings';
import { turnConfig } from './turn';

const secrets = sharedSecrets();
const linesOf = (settings: Settings = {}): string[] =>
  turnConfig(
    readSettings({ ...threeOrganisations, TURN_HOST: 'turn.example', ...settings }).federation,
    secrets,
  ).split('\n');

describe('turnserver.conf', () => {
  it('lets in whom a homeserver gives a password, for a time', () => {
    expect(linesOf()).toEqual(
      expect.arrayContaining([
        'use-auth-secret',
        `static-auth-secret=${secrets.turn_secret}`,
        'realm=turn.example',
        'listening-port=3478',
        'min-port=49160',
        'max-port=49200',
      ]),
    );
    expect(linesOf().filter((line) => /^(no-auth|user=|lt-cred-mech)/.test(line))).toEqual([]);
  });

  it('leads nobody to a network inside, of either version of IP', () => {
    const denied = linesOf().flatMap((line) => /^denied-peer-ip=(.*)$/.exec(line)?.[1] ?? []);
    expect(denied).toEqual(
      expect.arrayContaining([
        '0.0.0.0-0.255.255.255',
        '10.0.0.0-10.255.255.255',
        '100.64.0.0-100.127.255.255',
        '127.0.0.0-127.255.255.255',
        '169.254.0.0-169.254.255.255',
        '172.16.0.0-172.31.255.255',
        '192.168.0.0-192.168.255.255',
        '::1',
        'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
        'fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      ]),
    );
  });

  it('has no console, relays no TCP and no multicast, and ends what one person takes too much of', () => {
    expect(linesOf()).toEqual(
      expect.arrayContaining(['no-cli', 'no-tcp-relay', 'no-multicast-peers', 'user-quota=12']),
    );
  });

  it('tells its public address where there is one', () => {
    expect(linesOf().some((line) => line.startsWith('external-ip='))).toBe(false);
    expect(linesOf({ TURN_EXTERNAL_ADDRESS: '192.0.2.7' })).toContain('external-ip=192.0.2.7');
  });
});

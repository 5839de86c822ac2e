import { checkVersion } from './queue-connection';

describe('the server version', () => {
  it.each(['2.11.0', '2.15.1', '2.12.0-RC.2', '3.0.0'])('%s is new enough', (version) => {
    expect(() => checkVersion(version)).not.toThrow();
  });

  it.each(['2.10.27', '2.9.10', '1.99.0', ''])('%j is refused, with what to do', (version) => {
    expect(() => checkVersion(version)).toThrow(/too old\. Upgrade it to 2\.11 or newer/);
  });
});

import { connectionOptions, serverNames } from './connection-options';
import { QueueSetupError } from './errors';

const app = 'test';

describe('connection options', () => {
  it('take user and password out of the URL, decoded', () => {
    expect(connectionOptions({ url: 'nats://bridge:p%40ss@one:4222,nats://two:4222', app })).toMatchObject({
      servers: ['one:4222', 'two:4222'],
      user: 'bridge',
      pass: 'p@ss',
    });
  });

  it('take a lone user name for a token', () => {
    const options = connectionOptions({ url: 'nats://s3cret@one', app });
    expect(options).toMatchObject({ servers: ['one'], token: 's3cret' });
    expect(options).not.toHaveProperty('user');
  });

  it('ask for TLS when the URL says so, and only then', () => {
    expect(connectionOptions({ url: 'tls://one', app }).tls).toEqual({});
    expect(connectionOptions({ url: 'nats://one', app }).tls).toBeUndefined();
  });

  it('never give up reconnecting', () => {
    expect(connectionOptions({ url: 'nats://one', app }).maxReconnectAttempts).toBe(-1);
  });

  it('name the servers without their credentials', () => {
    expect(serverNames('nats://bridge:secret@one:4222,tls://two')).toBe('one:4222, two');
  });

  it('refuse what is no URL, without quoting it', () => {
    expect(() => connectionOptions({ url: '///secret', app })).toThrow(QueueSetupError);
    expect(() => connectionOptions({ url: '///secret', app })).not.toThrow('secret');
  });
});

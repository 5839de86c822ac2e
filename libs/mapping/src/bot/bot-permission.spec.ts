import { UserId } from '@bridge/contracts';
import { BotPermission, isAllowed, permissionOf } from './bot-permission';

const anna = UserId.parse('@anna:care.example:8448');
const of = (...pairs: [string, BotPermission][]) => permissionOf(anna, new Map(pairs));

describe('what somebody may do at the bot', () => {
  it('is what stands for their user id, else for their server, else for everybody', () => {
    expect(of(['*', 'none'], ['care.example:8448', 'user'], [anna, 'admin'])).toBe('admin');
    expect(of([anna, 'none'], ['care.example:8448', 'admin'], ['*', 'admin'])).toBe('none');
    expect(of(['*', 'none'], ['care.example:8448', 'user'])).toBe('user');
    expect(of(['*', 'user'], ['other.example', 'admin'], ['@anna:other.example', 'admin'])).toBe('user');
  });

  it('is nothing where nothing is said', () => {
    expect(of()).toBe('none');
    expect(of(['care.example', 'admin'])).toBe('none');
  });

  it('includes all that is less', () => {
    expect(isAllowed('admin', 'user')).toBe(true);
    expect(isAllowed('user', 'user')).toBe(true);
    expect(isAllowed('user', 'admin')).toBe(false);
    expect(isAllowed('none', 'user')).toBe(false);
  });
});

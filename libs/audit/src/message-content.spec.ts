import { messageContent } from './message-content';

describe('messageContent', () => {
  it('is what the bytes say', () => {
    expect(messageContent(Buffer.from('{"room_id":"!é:care.example"}'))).toEqual({
      room_id: '!é:care.example',
    });
  });

  it.each([
    ['empty', ''],
    ['no JSON', 'Mrs Jansen'],
  ])('is unknown where the message is %s', (_, text) => {
    expect(messageContent(Buffer.from(text))).toBeUndefined();
  });
});

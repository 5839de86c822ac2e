import { routeTemplate } from './route-template';

describe('routeTemplate', () => {
  it.each([
    [
      '/_matrix/client/v3/rooms/!r%3Acare.example/send/m.room.message/abc',
      '/_matrix/client/v3/rooms/{}/send/m.room.message/{}',
    ],
    [
      '/_matrix/client/v3/profile/%40_fhir_bridge_jansen%3Acare.example/displayname',
      '/_matrix/client/v3/profile/{}/displayname',
    ],
    ['/_matrix/client/v1/media/download/gp.example/Zv', '/_matrix/client/v1/media/download/{}/{}'],
    ['/_matrix/client/v3/register', '/_matrix/client/v3/register'],
  ])('leaves out of %s what it is about', (path, template) => {
    expect(routeTemplate(path)).toBe(template);
  });

  it('leaves out what it does not know, whatever it looks like', () => {
    expect(routeTemplate('/_synapse/jansen/v3')).toBe('/{}/{}/v3');
  });
});

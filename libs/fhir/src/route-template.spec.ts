import { routeTemplate } from './route-template';

const base = 'http://127.0.0.1:8090/fhir';

describe('routeTemplate', () => {
  it.each([
    ['/Communication/Jansen', '/Communication/{}'],
    ['/Communication?identifier=x|y', '/Communication'],
    ['/CareTeam/a/_history/7', '/CareTeam/{}/_history/{}'],
    ['/Subscription/a/$status', '/Subscription/{}/$status'],
    ['/metadata', '/metadata'],
    ['/?page=3', '/'],
    ['', '/'],
  ])('leaves out of %s what it is about', (path, template) => {
    expect(routeTemplate(new URL(`${base}${path}`), base)).toBe(template);
  });

  it('leaves out all of an address that is not below the base', () => {
    expect(routeTemplate(new URL('http://127.0.0.1:8090/files/Jansen'), base)).toBe('/{}');
  });
});

import { readText } from './formatted-text';

it.each(['a < b and c > d', 'Two\nlines <b>', '<3', 'x <y> z', '</b> <b>', '<script>alert(1)</script>'])(
  'plain text stays as it is: %s',
  (text) => {
    expect(readText(text, undefined)).toEqual({ body: text });
  },
);

it.each([
  ['<p>Take <b>two</b> pills.</p>', 'Take two pills.', '<p>Take <b>two</b> pills.</p>'],
  ['one<br/>two', 'one\ntwo', 'one<br />two'],
  ['<h1>Plan</h1><p>rest</p>', 'Plan\n\nrest', '<h1>Plan</h1><p>rest</p>'],
  [
    'see <a href="https://x.example/">here</a>',
    'see here [https://x.example/]',
    'see <a href="https://x.example/">here</a>',
  ],
  ['<ul><li>a</li><li>b</li></ul>', '* a\n * b', '<ul><li>a</li><li>b</li></ul>'],
  ['3 &lt; 4 is <em>true</em>', '3 < 4 is true', '3 &lt; 4 is <em>true</em>'],
])('simple HTML is read with its form, and as words: %s', (text, body, html) => {
  expect(readText(text, undefined)).toEqual({ body, html });
});

it('harmful HTML is left out of both', () => {
  const read = readText(
    '<b>ok</b><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:x()">l</a>',
    undefined,
  );
  expect(read?.html).toBe('<b>ok</b><a>l</a>');
  expect(read?.body).toBe('okl');
});

it('the form that the resource gives beside the text is taken, and the text as it is', () => {
  const xhtml = '<div xmlns="http://www.w3.org/1999/xhtml">Take <b onclick="x()">two</b></div>';
  expect(readText('Take TWO', xhtml)).toEqual({ body: 'Take TWO', html: '<div>Take <b>two</b></div>' });
  expect(readText(undefined, xhtml)?.body).toBe('Take two');
});

it('HTML that holds no words stays what it was', () => {
  expect(readText('<b></b>', undefined)?.body).toBe('<b></b>');
});

it('HTML that is too long for a form is still read as words', () => {
  const read = readText(`<p>${'word '.repeat(20_000)}</p>`, undefined);
  expect(read?.html).toBeUndefined();
  expect(read?.body).not.toContain('<p>');
});

it('halves of surrogate pairs, which homeservers refuse, are replaced', () => {
  expect(readText('a\ud83d b \ude00 \ud83d\ude00', undefined)?.body).toBe('a\ufffd b \ufffd 😀');
});

it.each([undefined, '', ' \n'])('nothing is read from %j', (text) => {
  expect(readText(text, undefined)).toBeUndefined();
});

it('a text made of unclosed tags is read in no time', () => {
  const before = performance.now();
  readText('<b '.repeat(300_000), undefined);
  readText('<b>'.repeat(300_000), undefined);
  expect(performance.now() - before).toBeLessThan(2_000);
});

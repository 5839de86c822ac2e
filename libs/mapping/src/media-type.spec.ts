import { agreedType, isAllowedType, mediaType } from './media-type';

it.each([
  ['image/png', 'image/png'],
  ['Text/Plain; charset=utf-8', 'text/plain'],
  [' application/vnd.ms-excel ', 'application/vnd.ms-excel'],
  ['image', undefined],
  ['image/*', undefined],
  ['image/png, text/html', undefined],
  ['', undefined],
  [7, undefined],
  [undefined, undefined],
])('%j is the media type %j', (text, type) => {
  expect(mediaType(text)).toBe(type);
});

it.each([
  ['image/png', ['image/*'], true],
  ['image/png', ['application/pdf', 'image/png'], true],
  ['image/png', ['image/jpeg'], false],
  ['imagex/png', ['image/*'], false],
  ['application/pdf', ['image/*'], false],
  // What a browser runs is no picture.
  ['image/svg+xml', ['image/*'], false],
  ['image/svg+xml', ['image/*', 'image/svg+xml'], true],
  ['text/html', ['text/*'], false],
  ['text/plain', ['text/*'], true],
])('%s is among %j: %p', (type, allowed, expected) => {
  expect(isAllowedType(type, allowed)).toBe(expected);
});

const allowed = ['image/*', 'application/pdf'];

it.each([
  ['image/png', 'image/png', 'image/png'],
  [undefined, 'image/png', 'image/png'],
  // Both are allowed: what every other reader is given counts.
  ['image/png', 'application/pdf; x=y', 'application/pdf'],
  ['text/html', 'image/png', undefined],
  ['image/png', 'text/html', undefined],
  ['image/png', 'application/octet-stream', undefined],
  ['image/png', '', undefined],
  [{}, 'image/png', undefined],
  ['', 'image/png', undefined],
])('a file called %j by its sender and %j by its store is taken as %j', (declared, stored, type) => {
  expect(agreedType(declared, stored, allowed)).toBe(type);
});

import type { Setting } from './setting';
import { lineTemplates, resourceTypes, timeZone } from './clinical-schemas';
import { mediaTypes, permissions } from './compound-schemas';
import { matching, oneOf, wholeNumber } from './setting-schemas';

const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const DAY_MS = 86_400_000;

/** What is told in the Rooms, and how. */
export const talkSettings = {
  media: {
    maxBytes: {
      env: 'MEDIA_MAX_BYTES',
      schema: wholeNumber(1024, 10 * GIBIBYTE),
      default: 50 * MEBIBYTE,
      doc: 'Largest file that is bridged, in bytes; of a larger one the name is. No larger than what the FHIR server and the homeserver take.',
    },
    documentBytes: {
      env: 'MEDIA_DOCUMENT_BYTES',
      schema: wholeNumber(0, 10 * GIBIBYTE),
      default: 5 * MEBIBYTE,
      doc: 'Size from which a file from Matrix is recorded as a DocumentReference of its own, in bytes.',
    },
    types: {
      env: 'MEDIA_TYPES',
      schema: mediaTypes(),
      default: 'image/*,audio/*,video/*,text/plain,application/pdf',
      doc: 'Media types of files that are bridged, separated by commas; image/* means every image but SVG, which can hold scripts: such types have to be named themselves.',
    },
  },
  clinical: {
    types: {
      env: 'CLINICAL_TYPES',
      schema: resourceTypes(),
      optional: true,
      doc: "Types of clinical resources whose changes are told in the care team's own room, separated by commas; not set: none.",
    },
    timeZone: {
      env: 'CLINICAL_TIME_ZONE',
      schema: timeZone(),
      default: 'Europe/Amsterdam',
      doc: 'Time zone in which lines about clinical resources tell the time.',
    },
    templates: {
      env: 'CLINICAL_TEMPLATES',
      schema: lineTemplates(),
      optional: true,
      doc: "The organisation's own lines, by type and language, in place of the bridge's; best in the YAML file (see docs/fhir.md).",
    },
  },
  delivery: {
    markAfterMs: {
      env: 'DELIVERY_MARK_AFTER_MS',
      schema: wholeNumber(0, DAY_MS),
      default: 30_000,
      doc: 'Time after which the sender of a message that is not in the record yet is told so, in milliseconds.',
    },
  },
  bot: {
    language: {
      env: 'BOT_LANGUAGE',
      schema: oneOf(['nl', 'en', 'de']),
      default: 'en',
      doc: 'Language of the bot, of lines about clinical resources, of roles in the names of ghosts and of the names of Spaces and Rooms; everybody can choose another for the bot.',
    },
    prefix: {
      env: 'BOT_PREFIX',
      schema: matching(/^\S{1,32}$/, 'up to 32 characters without white space'),
      default: '!care',
      doc: 'Begins a message that speaks to the bot; in a direct chat with it nothing is needed.',
    },
    permissions: {
      env: 'BOT_PERMISSIONS',
      schema: permissions(),
      default: '*=user',
      doc: 'What people may do at the bot: none, user or admin for everybody (*), a server, or one user id; the closest match counts.',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

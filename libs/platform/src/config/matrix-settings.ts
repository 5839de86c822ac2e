import type { Setting } from './setting';
import { systemCodes } from './compound-schemas';
import { matching, oneOf, secretText, url, wholeNumber, yesOrNo } from './setting-schemas';

const DAY_MS = 86_400_000;
const MAX_POWER_LEVEL = 100;
/** The characters of a localpart (Matrix specification, appendix "User identifiers"). */
const LOCALPART = /^[a-z0-9._=/+-]{1,200}$/;
const localpart = () => matching(LOCALPART, 'up to 200 characters of a-z, 0-9 and ._=/+-');
const powerLevel = () => wholeNumber(0, MAX_POWER_LEVEL);

/** The homeserver, the application service there, and the Spaces and Rooms that the bridge makes. */
export const matrixSettings = {
  matrix: {
    serverName: {
      env: 'MATRIX_SERVER_NAME',
      schema: matching(
        /^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?$/,
        'a server name such as care.example or care.example:8448, not a URL',
      ),
      doc: 'Server name of the homeserver: what follows the colon in its user ids.',
    },
    ghostPrefix: {
      env: 'MATRIX_GHOST_PREFIX',
      schema: localpart(),
      default: '_fhir_bridge_',
      doc: 'Start of the localpart of every user id that the bridge owns.',
    },
    botLocalpart: {
      env: 'MATRIX_BOT_LOCALPART',
      schema: localpart(),
      default: '_fhir_bridge_bot',
      doc: "Localpart of the bridge's own user; starts with the ghost prefix.",
    },
  },
  homeserver: {
    url: {
      env: 'MATRIX_HOMESERVER_URL',
      schema: url(['https', 'http']),
      doc: "URL of the homeserver's Client-Server API.",
    },
    asToken: {
      env: 'MATRIX_AS_TOKEN',
      schema: secretText(32),
      secret: true,
      doc: 'Token with which the bridge calls the homeserver (as_token of the registration).',
    },
    requestTimeoutMs: {
      env: 'MATRIX_REQUEST_TIMEOUT_MS',
      schema: wholeNumber(1000, 600_000),
      default: 60_000,
      doc: 'Longest wait for an answer of the homeserver, in milliseconds.',
    },
  },
  appservice: {
    id: {
      env: 'MATRIX_AS_ID',
      schema: matching(/^[A-Za-z0-9._-]{1,255}$/, 'letters, digits and ._-'),
      default: 'fhir-matrix-bridge',
      doc: 'Id of the Application Service in its registration.',
    },
    hsToken: {
      env: 'MATRIX_HS_TOKEN',
      schema: secretText(32),
      secret: true,
      doc: 'Token with which the homeserver calls the bridge (hs_token of the registration).',
    },
    previousHsToken: {
      env: 'MATRIX_HS_TOKEN_PREVIOUS',
      schema: secretText(32),
      optional: true,
      secret: true,
      doc: 'The hs_token before the present one, accepted as well while the homeserver still uses it.',
    },
    legacyPaths: {
      env: 'MATRIX_AS_LEGACY_PATHS',
      schema: yesOrNo(),
      default: false,
      doc: 'Whether homeservers from before Matrix 1.4 are served: paths without /_matrix/app/v1, and the token in the query.',
    },
    silenceMs: {
      env: 'MATRIX_AS_SILENCE_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 600_000,
      doc: 'Time without a transaction after which the homeserver is asked to show that it still reaches the bridge, in milliseconds.',
    },
  },
  rooms: {
    nameFromTopic: {
      env: 'MATRIX_ROOM_NAME_FROM_TOPIC',
      schema: yesOrNo(),
      default: false,
      doc: 'Whether the topic of a conversation in FHIR becomes the name of its Room; only where topics hold no patient data.',
    },
    historyVisibility: {
      env: 'MATRIX_ROOM_HISTORY_VISIBILITY',
      schema: oneOf(['joined', 'invited']),
      default: 'joined',
      doc: 'What a new member can read: joined since the join; invited what was said since the invite as well, so that the message they are invited for can be read.',
    },
    federate: {
      env: 'MATRIX_ROOM_FEDERATE',
      schema: yesOrNo(),
      default: true,
      doc: 'Whether new Spaces and Rooms can have members on other homeservers (m.federate); cannot be changed later.',
    },
    retentionDays: {
      env: 'MATRIX_ROOM_RETENTION_DAYS',
      schema: wholeNumber(1, 36_500),
      optional: true,
      doc: 'Days after which homeservers may delete messages of Rooms (m.room.retention); not set: the rule is left to them.',
    },
    membershipMaster: {
      env: 'MATRIX_MEMBERSHIP_MASTER',
      schema: oneOf(['fhir', 'matrix']),
      default: 'fhir',
      doc: 'Who decides who belongs: fhir undoes joins, leaves and removals in Matrix, matrix writes them into the CareTeam.',
    },
    resyncIntervalMs: {
      env: 'MATRIX_RESYNC_INTERVAL_MS',
      schema: wholeNumber(1000, DAY_MS),
      default: 900_000,
      doc: 'Time between the comparisons of each Room with what arrived from it, in milliseconds.',
    },
    powerLead: {
      env: 'MATRIX_POWER_LEAD',
      schema: powerLevel(),
      default: 100,
      doc: 'Power level of a care team member with a lead role.',
    },
    powerProfessional: {
      env: 'MATRIX_POWER_PROFESSIONAL',
      schema: powerLevel(),
      default: 75,
      doc: 'Power level of any other professional.',
    },
    powerRelatedPerson: {
      env: 'MATRIX_POWER_RELATED_PERSON',
      schema: powerLevel(),
      default: 50,
      doc: 'Power level of a related person, such as an informal carer.',
    },
    powerPatient: {
      env: 'MATRIX_POWER_PATIENT',
      schema: powerLevel(),
      default: 25,
      doc: 'Power level of the patient.',
    },
    leadRoles: {
      env: 'MATRIX_LEAD_ROLES',
      schema: systemCodes(),
      default: 'http://snomed.info/sct|768820003',
      doc: 'Roles in CareTeam.participant.role that make a member a lead, separated by commas.',
    },
  },
} as const satisfies Record<string, Record<string, Setting>>;

/** Naming systems and URLs of the published agreements (see docs/architecture.md for the sources). */
export const systems = {
  /** A Communication's identifier: the Matrix event it is the record of (OZO implementation guide). */
  eventId: 'https://matrix.org/event-id',
  /** A CommunicationRequest's identifier: the Room that it began with. */
  roomId: 'https://matrix.org/room-id',
  /** A Task's identifier: the conversation and the person it is about. */
  unreadTask: 'urn:fhir-matrix-bridge:unread',
  /** A person known only by their Matrix account. */
  matrixUserId: 'https://matrix.org/user-id',
  /** meta.tag of what the bridge wrote. */
  bridgeTag: 'urn:fhir-matrix-bridge:tag',
  /** Communication.category of what people say in a Room. */
  category: 'urn:fhir-matrix-bridge:category',
  communicationCategory: 'http://terminology.hl7.org/CodeSystem/communication-category',
  /** Communication.medium (FHIR R4, value set v3-ParticipationMode). */
  participationMode: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationMode',
  /** Extension of a text: the same in XHTML (FHIR core). */
  renderingXhtml: 'http://hl7.org/fhir/StructureDefinition/rendering-xhtml',
  /** Extension of what was said in a Room: one person's reaction to it (who, key, event). */
  reaction: 'urn:fhir-matrix-bridge:reaction',
  /** Types of AuditEvents (FHIR R4, valuesets audit-event-type and audit-event-sub-type). */
  auditEventType: 'http://terminology.hl7.org/CodeSystem/audit-event-type',
  lifecycle: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle',
  /** Extension of a CommunicationRequest: the team that it comes from (OZO implementation guide). */
  senderCareTeam: 'http://ozoverbindzorg.nl/fhir/StructureDefinition/ozo-sender-careteam',
  contactPointPurpose: 'http://hl7.org/fhir/StructureDefinition/contactpoint-purpose',
  /** Of a care organisation (NL). */
  ura: 'http://fhir.nl/fhir/NamingSystem/ura',
  uzi: 'http://fhir.nl/fhir/NamingSystem/uzi-nr-pers',
  pseudoBsn: 'http://fhir.nl/fhir/NamingSystem/pseudo-bsn',
} as const;

/** Code of the tag on resources that record what was said in Matrix. */
export const fromMatrix = 'from-matrix';

import type { ClinicalType } from '@bridge/contracts';
import * as fhirPath from './expressions';

export const de: Readonly<Record<ClinicalType, string>> = {
  Observation: `{code}[: {${fhirPath.observationValue}}][ – {interpretation}][ ({status.show() | coalesce(effective, issued).show()})][ – {performer}]`,
  DiagnosticReport: `Befund {code}[: {${fhirPath.conclusion}}][, Messungen: {${fhirPath.resultCount}}][ ({status.show() | coalesce(effective, issued).show()})][ – {coalesce(resultsInterpreter, performer)}]`,
  MedicationRequest: `Medikation ({intent.show() | status.show()}): {iif(doNotPerform = true, 'NICHT GEBEN:')} {medication}[ – {dosageInstruction}][; {authoredOn}][, {requester}]`,
  ServiceRequest: `Anforderung: {iif(doNotPerform = true, 'NICHT DURCHFÜHREN:')}[ {code}][ – {orderDetail}][, {${fhirPath.priority}}][; Grund: {${fhirPath.reasons}}][; {occurrence}][; angefordert von {requester}][ ({intent.show() | status.show()})]`,
  Appointment: `Termin[ {${fhirPath.appointmentTime}}][: {${fhirPath.appointmentWhat}}][ – {participant.actor}][ ({status.show() | cancelationReason.show()})]`,
  Task: `Aufgabe[: {${fhirPath.taskWhat}}] – {status}[, {businessStatus}][, {statusReason}][; für {owner}][; bis {restriction.period.end}]`,
  Encounter: `Kontakt[ {class}][, {type}]: {status}[, {period}][, bei {serviceProvider}][; entlassen nach: {hospitalization.dischargeDisposition}]`,
  EpisodeOfCare: `Behandlungsepisode[ {type}]: {status}[, {period}][, bei {managingOrganization}][ – {careManager}]`,
  Condition: `Diagnose: {code}[ ({clinicalStatus.show() | verificationStatus.show() | severity.show()})][, Beginn: {onset}][, Ende: {abatement}]`,
  AllergyIntolerance: `Allergie oder Unverträglichkeit: {${fhirPath.allergyWhat}}[ ({clinicalStatus.show() | verificationStatus.show()})][, Risiko {criticality}][, Reaktion: {reaction.manifestation}]`,
  Immunization: `Impfung: {vaccineCode} ({status.show() | statusReason.show() | occurrence.show()})[ – {performer.actor}]`,
  Procedure: `Maßnahme[: {code}] ({status.show() | statusReason.show() | performed.show()})[, Ergebnis: {outcome}][ – {performer.actor}]`,
  CarePlan: `Behandlungsplan[ {${fhirPath.carePlanWhat}}]: {status.show() | intent.show()}[, {period}]`,
  Goal: `Ziel: {description} ({lifecycleStatus.show() | achievementStatus.show()})[, bis {target.due}]`,
  DocumentReference: `Dokument[: {${fhirPath.documentWhat}}][ ({${fhirPath.documentStatus}})][ – {author}]`,
  Media: `Aufnahme[: {${fhirPath.mediaWhat}}] ({status.show() | created.show()})[ – {operator}]`,
  Flag: `⚠ {code} ({status.show() | period.show()})`,
};

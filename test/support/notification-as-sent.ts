/** One notification as it goes over the wire, without what shows who sent it. */
export interface AsSent {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** In every resource that is sent; must be in no queue message. */
export const HEALTH_DATA = 'morphine';

const HAPI_AGENT = 'HAPI-FHIR/8.10.0 (FHIR Client; FHIR 4.0.1/R4; apache)';
/** As HAPI's client sends them. */
export const hapiHeaders = {
  'accept-charset': 'utf-8',
  accept:
    'application/fhir+xml;q=1.0, application/fhir+json;q=1.0, application/xml+fhir;q=0.9, application/json+fhir;q=0.9',
  'user-agent': HAPI_AGENT,
};
export const hapiContent = { ...hapiHeaders, 'content-type': 'application/fhir+json; charset=UTF-8' };
export const communication = (id: string): object => ({
  resourceType: 'Communication',
  id,
  meta: { versionId: '2', lastUpdated: '2026-01-31T10:00:00.123+01:00' },
  status: 'completed',
  payload: [{ contentString: HEALTH_DATA }],
});

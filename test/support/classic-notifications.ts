import { type AsSent, communication, hapiContent, hapiHeaders, HEALTH_DATA } from './notification-as-sent';

/*
 * Where the forms are from: FHIR R4 "Subscription"; HAPI FHIR 8, SubscriptionDeliveringRestHookListener; Medplum 4,
 * workers/subscription.ts; the documentation of Firely Server, Google Pub/Sub and Azure Event Grid.
 */

export const MEDPLUM_ID = '01949f6a-7b31-7009-8e1c-2a8d6f0e5a11';

export const emptyPost: AsSent = {
  method: 'POST',
  target: '/notify/ehr',
  headers: { ...hapiHeaders, 'content-length': '0' },
};

export const eOverdracht: AsSent = {
  method: 'POST',
  target: '/notify/ehr/0d1c2b3a-7d5f-4c7e-9a51-64ac0f2f9b11',
  headers: { 'content-length': '0' },
};

export const hapiPut: AsSent = {
  method: 'PUT',
  target: '/notify/ehr/Communication/1007',
  headers: hapiContent,
  body: `{"resourceType":"Communication","id":"1007","meta":{"versionId":"2","lastUpdated":"2026-01-31T10:00:00.123+01:00"},"status":"completed","payload":[{"contentString":"${HEALTH_DATA}"}]}`,
};

export const hapiDelete: AsSent = {
  method: 'DELETE',
  target: '/notify/ehr/Communication/1007',
  headers: hapiHeaders,
};

export const hapiTransaction: AsSent = {
  method: 'POST',
  target: '/notify/ehr',
  headers: hapiContent,
  body: `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"Communication/1007","resource":{"resourceType":"Communication","id":"1007","meta":{"versionId":"2"},"status":"completed","payload":[{"contentString":"${HEALTH_DATA}"}]},"request":{"method":"PUT","url":"Communication/1007"}},{"fullUrl":"Patient/1001","resource":{"resourceType":"Patient","id":"1001"},"request":{"method":"PUT","url":"Patient/1001"}}]}`,
};

export const firelyCreate: AsSent = {
  method: 'POST',
  target: '/notify/ehr/Communication',
  headers: { 'content-type': 'application/fhir+json; fhirVersion=4.0; charset=utf-8' },
  body: JSON.stringify(communication('0a1b2c')),
};

export const notifiedPull: AsSent = {
  method: 'POST',
  target: '/notify/ehr/Task',
  headers: { 'content-type': 'application/fhir+json' },
  body: JSON.stringify({
    resourceType: 'Task',
    status: 'requested',
    intent: 'proposal',
    input: [{ valueString: `Observation?code=${HEALTH_DATA}` }],
  }),
};

const medplumHeaders = {
  'content-type': 'application/fhir+json',
  'x-medplum-subscription': '01949f69-5d10-7411-a7b1-b0a2b1d6a0c4',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

export const medplumUpdate: AsSent = {
  method: 'POST',
  target: '/notify/medplum',
  headers: { ...medplumHeaders, 'x-medplum-interaction': 'update' },
  body: JSON.stringify(communication(MEDPLUM_ID)),
};

export const medplumDelete: AsSent = {
  method: 'POST',
  target: '/notify/medplum',
  headers: {
    ...medplumHeaders,
    'x-medplum-interaction': 'delete',
    'x-medplum-deleted-resource': `Communication/${MEDPLUM_ID}`,
  },
  body: '{}',
};

export const pubSubPush: AsSent = {
  method: 'POST',
  target: '/notify/ehr',
  headers: {
    'content-type': 'application/json',
    'user-agent': 'CloudPubSub-Google',
    from: 'noreply@google.com',
  },
  body: JSON.stringify({
    message: {
      attributes: { action: 'UpdateResource', resourceType: 'Communication', versionId: 'MTcwNjY4' },
      data: Buffer.from(JSON.stringify(communication('c-1'))).toString('base64'),
      messageId: '10286803487285',
      message_id: '10286803487285',
      publishTime: '2026-01-31T09:00:00.123Z',
      publish_time: '2026-01-31T09:00:00.123Z',
    },
    subscription: 'projects/care/subscriptions/bridge',
  }),
};

export const eventGrid: AsSent = {
  method: 'POST',
  target: '/notify/ehr',
  headers: { 'content-type': 'application/json; charset=utf-8', 'aeg-event-type': 'Notification' },
  body: JSON.stringify([
    {
      id: 'e4c7f556-d72c-e7f7-1069-1e82ac76ab41',
      eventType: 'Microsoft.HealthcareApis.FhirResourceUpdated',
      subject: 'care.fhir.azurehealthcareapis.com/Communication/c-1',
      data: { resourceType: 'Communication', resourceFhirId: 'c-1', resourceVersionId: 2 },
      dataVersion: '2',
    },
  ]),
};

import { join } from 'node:path';
import type { OrganisationPlan } from '../plan';
import { nginxMain } from './nginx';

/** config.json of Element Web: this homeserver and no other, nothing of element.io. */
export function elementConfig({ serverName, publicUrl, title }: OrganisationPlan): string {
  const config = {
    default_server_config: { 'm.homeserver': { base_url: publicUrl, server_name: serverName } },
    disable_custom_urls: true,
    disable_guests: true,
    disable_3pid_login: true,
    brand: title,
    integrations_ui_url: null,
    integrations_rest_url: null,
    integrations_widgets_urls: [],
    bug_report_endpoint_url: null,
    show_labs_settings: false,
    room_directory: { servers: [] },
    setting_defaults: { 'UIFeature.registration': false, 'UIFeature.passwordReset': false },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** nginx.conf for Element's files. Its image's own start writes into the image, which is read-only here. */
export function elementServer({ places, publicUrl }: OrganisationPlan): string {
  const { port, config, web } = places.element;
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' blob: data: ${publicUrl}`,
    `media-src 'self' blob: ${publicUrl}`,
    `connect-src 'self' ${publicUrl}`,
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "frame-src 'self' blob:",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
  ].join('; ');
  return nginxMain(
    { temporary: '/tmp' },
    `server {
  listen ${port};
  root ${web};
  index index.html;
  add_header Content-Security-Policy "${policy}" always;
  add_header X-Content-Type-Options nosniff always;
  add_header X-Frame-Options DENY always;
  add_header Referrer-Policy no-referrer always;
  add_header Cache-Control "no-cache" always;
  location = /config.json {
    alias ${join(config, 'config.json')};
  }
}`,
  );
}

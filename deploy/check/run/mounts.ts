/** What a container finds in its file system, in the order in which it is put there. */
export type Mount =
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly options: string }
  | { readonly kind: 'folder'; readonly target: string; readonly mode: string }
  | { readonly kind: 'link'; readonly target: string; readonly to: string };

export const readOnly = (source: string, target: string = source): Mount => ({
  kind: 'bind',
  source,
  target,
  readOnly: true,
});
export const writable = (source: string, target: string): Mount => ({
  kind: 'bind',
  source,
  target,
  readOnly: false,
});
export const tmpfs = (target: string, options: string): Mount => ({ kind: 'tmpfs', target, options });
export const folder = (target: string, mode = '755'): Mount => ({ kind: 'folder', target, mode });
export const link = (target: string, to: string): Mount => ({ kind: 'link', target, to });

/** A line of the plan that container.sh reads. */
export function planLine(mount: Mount): string {
  switch (mount.kind) {
    case 'bind':
      return ['bind', mount.source, mount.target, mount.readOnly ? 'ro' : 'rw'].join('\t');
    case 'tmpfs':
      return ['tmpfs', mount.target, mount.options || 'mode=1777'].join('\t');
    case 'folder':
      return ['folder', mount.target, mount.mode].join('\t');
    case 'link':
      return ['link', mount.to, mount.target].join('\t');
  }
}
